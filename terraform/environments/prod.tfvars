# Give the rest on the command line or in prod.auto.tfvars: domain, alert_emails, billing_account, secrets.
environment         = "prod"
small               = false
backups             = true
deletion_protection = true
budget              = 1000
min_instances       = { executions = 1, run_node = 1 }
