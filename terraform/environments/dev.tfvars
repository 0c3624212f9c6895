# For trying out: nearly nothing to pay when idle, and easily thrown away.
environment         = "dev"
small               = true
backups             = false
deletion_protection = false
budget              = 20
