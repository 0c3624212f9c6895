"""What does a new block begin with? ``python -m shared.blocks.scaffold NAME`` writes it. Never imported by others."""
