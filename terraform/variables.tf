variable "project" {
  type        = string
  description = "Id of a project that exists and has a billing account."
}

variable "region" {
  type        = string
  description = "Of functions, queues, buckets and keys."
  default     = "us-central1"
}

variable "environment" {
  type        = string
  description = "dev, staging or prod; a label of what is made."
  validation {
    condition     = contains(["dev", "staging", "prod"], var.environment)
    error_message = "environment is dev, staging or prod."
  }
}

variable "bundle" {
  type        = string
  description = "Name of the zip of all functions in the bucket PROJECT-deploy; `make bundle` makes it."
  validation {
    condition     = can(regex("^bundle-[0-9a-f]{32}\\.zip$", var.bundle))
    error_message = "bundle is a name like bundle-0123….zip, as `make bundle` says it."
  }
}

variable "small" {
  type        = bool
  description = "Nearly nothing to pay when idle: Firebase Hosting in place of load balancer, Cloud Armor and CDN."
  default     = false
}

variable "domain" {
  type        = string
  description = "Host name of API and web client behind the load balancer; its A record must point to the output `address`. Not used with `small`."
  default     = ""
  validation {
    condition     = var.small || var.domain != ""
    error_message = "Without `small`, the load balancer's certificate needs `domain`."
  }
}

variable "firestore_location" {
  type        = string
  description = "Of the database: a region, or nam5 or eur3 for several. It can never be changed."
  default     = "us-central1"
}

variable "database" {
  type        = string
  description = "Name of the database: another one after a restore (docs/deploying.md)."
  default     = "(default)"
}

variable "min_instances" {
  type        = map(number)
  description = "Function -> instances that are kept warm, and paid for when idle; otherwise what the manifest says, or none."
  default     = {}
}

variable "vpc" {
  type        = bool
  description = "Whether functions reach the world through a network of their own, by one fixed address (paid when idle)."
  default     = false
}

variable "settings" {
  type        = map(string)
  description = "More settings of the functions (docs/configuration.md), by their names in the environment."
  default     = {}
}

variable "secrets" {
  type        = set(string)
  description = "Secrets of the manifest that have a version. A function that names another's would not start."
  default     = []
}

variable "cors_origins" {
  type        = list(string)
  description = "Origins beside the platform's own that browsers may call from."
  default     = []
}

variable "google_sign_in" {
  type        = object({ client_id = string, client_secret = string })
  description = "OAuth client for signing in with Google; none: e-mail and password alone. Its secret lies in the state, which only who deploys may read."
  default     = null
  sensitive   = true
}

variable "alert_emails" {
  type        = set(string)
  description = "Who is told of alerts and, the first five, of the budget."
  default     = []
}

variable "billing_account" {
  type        = string
  description = "For the budget; none: no budget."
  default     = ""
}

variable "budget" {
  type        = number
  description = "A month, of the whole project, in the currency of the billing account."
  default     = 100
}

variable "waf_enforced" {
  type        = set(string)
  description = "OWASP rules of Cloud Armor that refuse. The others only log: graphs carry SQL, HTML and code that is meant."
  default     = ["scannerdetection-v33-stable", "protocolattack-v33-stable", "sessionfixation-v33-stable"]
}

variable "backups" {
  type        = bool
  description = "Daily and weekly backups of the database, and its past by the minute."
  default     = true
}

variable "deletion_protection" {
  type        = bool
  description = "Whether database and buckets refuse to be destroyed; keys always do."
  default     = true
}

variable "scanner_image" {
  type        = string
  description = "Image of a ClamAV that answers over HTTP on port 8080; none: no scanner is deployed."
  default     = ""
}

variable "scanner_min_instances" {
  type        = number
  description = "ClamAV reads its signatures for about half a minute before it answers; one that is kept warm costs when idle."
  default     = 0
}

variable "approvers" {
  type        = set(string)
  description = "Members (user:…, group:…) who may approve what Cloud Build is about to apply; none: no account for it is made."
  default     = []
}

variable "trace_sample" {
  type        = number
  description = "Part of the traces that is recorded, 0 to 1. Cloud Trace asks by the million spans."
  default     = 0.05
}

variable "llm_dollars_per_hour" {
  type        = number
  description = "What language models may cost an hour before somebody is told; by default, 2 % of the month's budget."
  default     = null
}
