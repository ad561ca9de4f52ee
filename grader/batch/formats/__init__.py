"""The gradebook in the forms that other programs read: pure functions of rows, one module per form."""
