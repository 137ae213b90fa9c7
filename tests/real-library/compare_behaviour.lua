-- lua compare_behaviour.lua FOLDER FOLDER [HISTORIES]
--
-- Does the same drawn operations with Map and Set of two versions of the library and compares everything that can be
-- seen from outside: results, sizes, orders, iterators that go on while the collection changes.

local function library(folder)
  return assert(loadfile(folder .. "/dist/lualib/universal/lualib_bundle.lua"))()
end

local KEYS = { 1, 2, 3, 7, 8, 2.5, "a", "b", "zz", true, false }

--- A value, or an entry's two values, as text.
local function shown(value)
  if type(value) == "table" then
    return tostring(value[1]) .. "=" .. tostring(value[2])
  end
  return tostring(value)
end

--- What a loop over `iterable` sees.
local function seen(lib, iterable)
  local list = {}
  for _, value in lib.__TS__Iterator(iterable) do
    list[#list + 1] = shown(value)
    if #list > 200 then
      break
    end
  end
  return table.concat(list, " ")
end

--- What twenty calls of next() say, also after the end.
local function stepped(iterator)
  local list = {}
  for _ = 1, 20 do
    local result = iterator:next()
    list[#list + 1] = tostring(result.done) .. ":" .. shown(result.value)
  end
  return table.concat(list, " ")
end

local operations = {
  function(world, key, note) note(world.map:set(key, math.random(5)) == world.map) end,
  function(world, key, note) note(world.map:delete(key)) end,
  function(world, key, note) note(world.map:get(key), world.map:has(key)) end,
  function(world, key, note) note(world.set:add(key) == world.set) end,
  function(world, key, note) note(world.set:delete(key), world.set:has(key)) end,
  function(world)
    if math.random(6) == 1 then
      world.map:clear()
      world.set:clear()
    end
  end,
  function(world, _, note)
    world.map:forEach(function(_, value, key)
      note(key, value)
      if math.random(4) == 1 then world.map:delete(key) end
      if math.random(5) == 1 and world.map.size < 30 then world.map:set(math.random(100, 140), 1) end
    end)
  end,
  function(world, _, note)
    for _, entry in world.lib.__TS__Iterator(world.map) do
      note(shown(entry))
      if math.random(4) == 1 then world.map:delete(KEYS[math.random(#KEYS)]) end
    end
  end,
  function(world, _, note)
    for _, collection in ipairs({ world.map, world.set }) do
      note(stepped(collection:entries()), stepped(collection:keys()), stepped(collection:values()))
    end
  end,
  function(world, _, note)
    local lib = world.lib
    note(seen(lib, lib.__TS__New(lib.Set, world.set)), seen(lib, lib.__TS__New(lib.Map, world.map)))
    note(#lib.__TS__ArrayFrom(world.map), select("#", lib.__TS__Spread(world.set)))
  end,
  function(world) world.open[#world.open + 1] = world.map:values() end,
  function(world) world.open[#world.open + 1] = world.set:keys() end,
  function(world, _, note)
    for _, iterator in ipairs(world.open) do
      local result = iterator:next()
      note(result.done, result.value)
    end
  end,
  function(world, _, note)
    local lib, set = world.lib, world.set
    local other = lib.__TS__New(lib.Set, { 1, "a", 7 })
    note(seen(lib, set:union(other)), seen(lib, set:intersection(other)), seen(lib, set:difference(other)))
    note(seen(lib, set:symmetricDifference(other)), set:isSubsetOf(other), set:isSupersetOf(other), set:isDisjointFrom(other))
  end,
  function(world, _, note)
    local iterator, count = world.map:keys(), 0
    iterator.next = function()
      count = count + 1
      return { done = count > 3, value = count }
    end
    note(seen(world.lib, iterator))
  end,
}

--- Everything seen in sixty operations drawn from `seed`.
local function history(lib, seed)
  math.randomseed(seed)
  local world = { lib = lib, map = lib.__TS__New(lib.Map), set = lib.__TS__New(lib.Set), open = {} }
  local notes = {}
  local function note(...)
    for index = 1, select("#", ...) do
      notes[#notes + 1] = tostring((select(index, ...)))
    end
  end
  for _ = 1, 60 do
    operations[math.random(#operations)](world, KEYS[math.random(#KEYS)], note)
    note(world.map.size, world.set.size, seen(lib, world.map), seen(lib, world.set))
  end
  return table.concat(notes, "\n")
end

local first, second, histories = library(arg[1]), library(arg[2]), tonumber(arg[3] or 2000)
for seed = 1, histories do
  if history(first, seed) ~= history(second, seed) then
    error("history " .. seed .. " differs", 0)
  end
end
print(histories .. " histories are equal")
