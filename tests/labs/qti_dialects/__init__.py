"""Packages as other platforms write them: their dialects of QTI, with texts of our own."""
