-- The judge: sends instances, checks every packing itself, and writes the number of bins over the scored set.
--
-- Two sets of twenty instances, in an order drawn from the seed. The scored set is always the same, so that the
-- metric of one program is one number. The fresh set is drawn from the seed and only guards the other: a program that
-- knows the scored instances by heart packs them better than instances nobody has seen.

local generator = require("generator")
local instances = require("instances")
local packing = require("packing")

-- How much worse, in percent, a program may be on the fresh set: well beyond what chance does between two such sets.
local TOLERANCE = 5

local seed = assert(os.getenv("ORV_SEED"), "ORV_SEED is not set")

local function ask(instance)
  channel.send(json.encode({ capacity = instance.capacity, sizes = instance.sizes }))
  local line = assert(channel.receive(), "the candidate closed the channel")
  return packing.bins(instance, json.decode(line))
end

local scored = { set = instances.draw(generator.from("pack: the scored set")), bins = 0, fewest = 0 }
local fresh = { set = instances.draw(generator.from("pack: the fresh set of " .. seed)), bins = 0, fewest = 0 }

local requests = {}
for _, part in ipairs({ scored, fresh }) do
  for _, instance in ipairs(part.set) do
    requests[#requests + 1] = { part = part, instance = instance }
  end
end
for _, request in ipairs(generator.from("pack: the order of " .. seed):shuffle(requests)) do
  local part = request.part
  part.bins = part.bins + ask(request.instance)
  part.fewest = part.fewest + instances.fewest_bins(request.instance)
end

io.stderr:write("scored ", scored.bins, " of at least ", scored.fewest, " bins, fresh ", fresh.bins, " of at least ", fresh.fewest, "\n")
assert(
  fresh.bins * scored.fewest * 100 <= scored.bins * fresh.fewest * (100 + TOLERANCE),
  "the scored instances are packed better than instances of the same kind: they were learned by heart"
)
metric.write(tostring(scored.bins))
