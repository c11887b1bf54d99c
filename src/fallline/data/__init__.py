"""Where rows come from: a source is read into a Table, a Schema is found, and rows become numbers.

words.py      words for messages: the nearest name, short lists
values.py     Arrow columns as NumPy numbers or as text
table.py      a table that was read: names its rows in messages, has a fingerprint
sources/      one file a kind of source: csv, parquet, memory
columns.py    one column as features, and the target: how each is written into a block of numbers
stored.py     a schema as JSON, and back
schema.py     the columns that are used; encodes rows; stored in the model file
targets.py    finds out what a target is
infer.py      finds the schema of a table
split.py      which rows are held out
"""
