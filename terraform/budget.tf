resource "google_billing_budget" "month" {
  count           = var.billing_account == "" ? 0 : 1
  billing_account = var.billing_account
  display_name    = "Weftly ${var.environment}"
  budget_filter {
    projects = ["projects/${data.google_project.this.number}"]
  }
  amount {
    specified_amount {
      units = tostring(var.budget) # without a currency: the account's, and no other is accepted
    }
  }
  dynamic "threshold_rules" {
    for_each = [0.5, 0.9, 1.0]
    content {
      threshold_percent = threshold_rules.value
    }
  }
  threshold_rules {
    threshold_percent = 1.0
    spend_basis       = "FORECASTED_SPEND"
  }
  dynamic "all_updates_rule" {
    for_each = length(local.channels) > 0 ? [1] : [] # without it, those who administer the billing account are told
    content {
      monitoring_notification_channels = slice(local.channels, 0, min(5, length(local.channels)))
      disable_default_iam_recipients   = false
    }
  }
  depends_on = [google_project_service.api]
}
