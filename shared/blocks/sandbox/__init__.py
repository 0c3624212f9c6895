"""What runs the templates and patterns that users write? Imported by a block when it runs, never before: the
libraries behind it are heavy."""
