"""What people type -> a value: one reader per kind of question. Parse, or say why not."""
