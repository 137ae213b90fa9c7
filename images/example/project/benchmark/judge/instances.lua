-- The two classic families of hard bin packing instances (E. Falkenauer, 1996), drawn from a generator.

local instances = {}

local UNIFORM_CAPACITY = 150
local TRIPLET_CAPACITY = 1000

--- Items of 20 to 100 for bins of 150.
local function uniform(generator, count)
  local sizes = {}
  for item = 1, count do
    sizes[item] = generator:between(20, 100)
  end
  return { family = "uniform", capacity = UNIFORM_CAPACITY, sizes = sizes }
end

--- Items between a quarter and a half of a bin, made by cutting full bins into three: the best packing has no gap.
local function triplet(generator, bins)
  local sizes = {}
  for _ = 1, bins do
    local first = generator:between(380, 490)
    local rest = TRIPLET_CAPACITY - first
    local second = generator:between(251, rest // 2)
    sizes[#sizes + 1] = first
    sizes[#sizes + 1] = second
    sizes[#sizes + 1] = rest - second
  end
  return { family = "triplet", capacity = TRIPLET_CAPACITY, sizes = generator:shuffle(sizes) }
end

--- A set of twenty instances, ten of each family.
function instances.draw(generator)
  local set = {}
  for _ = 1, 10 do
    set[#set + 1] = uniform(generator, 120)
    set[#set + 1] = triplet(generator, 40)
  end
  return set
end

--- The fewest bins that the items' total allows; no packing has fewer.
function instances.fewest_bins(instance)
  local total = 0
  for _, size in ipairs(instance.sizes) do
    total = total + size
  end
  return (total + instance.capacity - 1) // instance.capacity
end

return instances
