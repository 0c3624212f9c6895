# The database, from the same file of indexes that the local Firestore reads.

locals {
  index_file = jsondecode(file("${path.module}/firestore.indexes.json"))
  indexes = {
    for index in local.index_file.indexes : join(" ", concat(
      [index.collectionGroup, index.queryScope],
      [for field in index.fields : "${field.fieldPath}:${try(field.order, field.arrayConfig, "VECTOR")}"]
    )) => index
  }
  # Firestore puts the document's name before a vector, in the direction of the field before it. The provider leaves out
  # of its comparison only a name at the end, and would replace the index with every apply
  # (https://github.com/firebase/firebase-tools/pull/9407).
  fields_of = { for key, index in local.indexes : key => flatten([
    for field in index.fields : [
      for place, one in [{ fieldPath = "__name__", order = "ASCENDING" }, field] : one
      if place == 1 || can(field.vectorConfig)
    ]
  ]) }
  fields = { for field in local.index_file.fieldOverrides : "${field.collectionGroup}.${field.fieldPath}" => field }
}

resource "google_firestore_database" "main" {
  name                              = var.database
  location_id                       = var.firestore_location
  type                              = "FIRESTORE_NATIVE"
  concurrency_mode                  = "PESSIMISTIC" # the default, said since the engine is tested with it (ADR 0024)
  point_in_time_recovery_enablement = var.backups ? "POINT_IN_TIME_RECOVERY_ENABLED" : "POINT_IN_TIME_RECOVERY_DISABLED"
  delete_protection_state           = var.deletion_protection ? "DELETE_PROTECTION_ENABLED" : "DELETE_PROTECTION_DISABLED"
  deletion_policy                   = var.deletion_protection ? "ABANDON" : "DELETE"
  depends_on                        = [google_project_service.api]
}

resource "google_firestore_index" "composite" {
  for_each    = local.indexes
  database    = google_firestore_database.main.name
  collection  = each.value.collectionGroup
  query_scope = each.value.queryScope

  dynamic "fields" {
    for_each = local.fields_of[each.key]
    content {
      field_path   = fields.value.fieldPath
      order        = try(fields.value.order, null)
      array_config = try(fields.value.arrayConfig, null)
      dynamic "vector_config" {
        for_each = try([fields.value.vectorConfig], [])
        content {
          dimension = vector_config.value.dimension
          flat {}
        }
      }
    }
  }
}

# Fields without single-field indexes, and those by whose time documents go.
resource "google_firestore_field" "override" {
  for_each   = local.fields
  database   = google_firestore_database.main.name
  collection = each.value.collectionGroup
  field      = each.value.fieldPath

  index_config {
    dynamic "indexes" {
      for_each = each.value.indexes
      content {
        order        = try(indexes.value.order, null)
        array_config = try(indexes.value.arrayConfig, null)
        query_scope  = try(indexes.value.queryScope, "COLLECTION")
      }
    }
  }

  dynamic "ttl_config" {
    for_each = try(each.value.ttl, false) ? [1] : []
    content {}
  }
}

resource "google_firestore_backup_schedule" "daily" {
  count     = var.backups ? 1 : 0
  database  = google_firestore_database.main.name
  retention = "${7 * 24 * 3600}s"
  daily_recurrence {}
}

resource "google_firestore_backup_schedule" "weekly" {
  count     = var.backups ? 1 : 0
  database  = google_firestore_database.main.name
  retention = "${14 * 7 * 24 * 3600}s"
  weekly_recurrence {
    day = "SUNDAY"
  }
}

resource "google_firebaserules_ruleset" "firestore" {
  source {
    files {
      name    = "firestore.rules"
      content = file("${path.module}/firestore.rules")
    }
  }
  depends_on = [google_firestore_database.main]
}

resource "google_firebaserules_release" "firestore" {
  name         = var.database == "(default)" ? "cloud.firestore" : "cloud.firestore/${var.database}"
  ruleset_name = google_firebaserules_ruleset.firestore.name
}
