# As prod, but small in money: set `domain`, or keep `small`.
environment         = "staging"
small               = true
backups             = true
deletion_protection = false
budget              = 100
