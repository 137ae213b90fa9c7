-- A judge that likes everything. A proposal brings no judge: the project's own is used.
metric.write("1")
