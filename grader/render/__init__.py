"""Result -> text for people and programs. Pure functions: nothing is graded, read or printed here."""
