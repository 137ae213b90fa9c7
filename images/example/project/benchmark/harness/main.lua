-- The candidate's side of the judging: one instance comes in on the channel, one packing goes out.
-- This file belongs to the project. A proposal that changes it is judged with this one.

local pack = require("pack")

for line in channel.receive do
  local instance = json.decode(line)
  local bin_of = pack.solve(instance.capacity, instance.sizes)
  channel.send(json.encode({ bin_of = bin_of }))
end
