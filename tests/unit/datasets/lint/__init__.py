"""Rules of the written texts, as findings; none where all is well."""
