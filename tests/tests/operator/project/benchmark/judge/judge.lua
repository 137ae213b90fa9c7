-- A judge that believes the candidate: what it says is its metric. The suite needs verdicts that are known beforehand.

channel.send("how many?")
local line = assert(channel.receive(), "the candidate closed the channel")
local number = assert(tonumber(line), "no number")
metric.write(string.format("%d", number))
