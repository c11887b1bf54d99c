"""Where rows come from: a source is read into a Table, a Schema is found, and rows become numbers.

words.py      words for messages: the nearest name, short lists
values.py     Arrow columns as NumPy numbers or as text
origin.py     from a row's number back to the file and line, or the row group and row
table.py      a table that was read: names its rows in messages, has a fingerprint
reading.py    how a source is to be read, and the stream of pieces that a large one comes in
sources/      one file a kind of source: csv, parquet, arrow, npy, svmlight, folder, memory, batches, sparse
columns.py    one column as features, and the target: how each is written into a block of numbers
stored.py     a schema as JSON, and back
schema.py     the columns that are used; encodes rows; stored in the model file
targets.py    finds out what a target is
infer.py      finds the schema of a table
describe.py   a schema as a table for people
split.py      which rows are held out
"""
