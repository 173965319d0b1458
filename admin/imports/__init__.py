"""People lists of other offices: spreadsheets and CSV in, checked rows out. Nothing is stored here.

`people.read_people` is the way in.
"""
