# What does the manifest ask of Google Cloud? Values only, no resources: so it can be tried without an account,
# `terraform -chdir=terraform/manifest console`, and the tests compare it with what the local cloud reads.

variable "path" {
  type        = string
  description = "The manifest."
  default     = "../../functions/manifest.yaml"
}

locals {
  manifest  = yamldecode(file(var.path))
  functions = local.manifest.functions

  queues = merge([
    for name, queue in local.manifest.queues : {
      for index in range(queue.count) : "${name}-${index}" => queue
    }
  ]...)

  # Templates of paths, the most specific first: segment by segment a literal before * before **. Priorities leave
  # room for a candidate of each (load_balancer.tf).
  templates = merge([
    for name, function in local.functions : { for path in try(function.paths, []) : path => name }
  ]...)
  ranked = {
    for path, name in local.templates :
    join("/", concat([for segment in split("/", trimprefix(path, "/")) :
    segment == "**" ? "2" : segment == "*" ? "1" : "0"], [path])) => { path = path, function = name }
  }
  routes = [
    for index, rank in sort(keys(local.ranked)) : merge(local.ranked[rank], { priority = 10 + 2 * index })
  ]

  # Roles that can be given on one resource are; the others, on the project.
  grants = merge([
    for name, function in local.functions : {
      for role in concat(function.roles, try(local.manifest.roles_of_all, [])) : "${name} ${role}" => { function = name, role = role }
    }
  ]...)
  resource_of = {
    "cloudkms"      = "key"
    "cloudtasks"    = "queue"
    "pubsub"        = "topic"
    "storage"       = "bucket"
    "iam"           = "self"
    "secretmanager" = "secret"
  }
}

output "service_account" { value = local.manifest.service_account }
output "functions" { value = local.functions }
output "queues" { value = local.queues }
output "topics" { value = local.manifest.topics }
output "buckets" { value = local.manifest.buckets }
output "custom_roles" { value = try(local.manifest.custom_roles, {}) }
output "routes" { value = local.routes }
output "grants" {
  value = {
    for kind in ["key", "queue", "topic", "bucket", "self", "project"] : kind => {
      for name, grant in local.grants : name => grant
      if lookup(local.resource_of, split(".", trimprefix(grant.role, "roles/"))[0], "project") == kind
    }
  }
}
output "public" { value = [for name, function in local.functions : name if function.public] }
output "scheduled" { value = { for name, function in local.functions : name => function if function.trigger == "schedule" } }
output "pushed" { value = { for name, function in local.functions : name => function if function.trigger == "pubsub" } }
