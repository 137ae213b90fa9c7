-- Numbers that look random and are the same on every machine: xorshift64*, in 64-bit integers that wrap around.

local generator = {}
generator.__index = generator

--- A generator whose numbers follow from `text` alone.
function generator.from(text)
  local state = 0x2545F4914F6CDD1D
  for position = 1, #text do
    state = (state ~ text:byte(position)) * 0x100000001B3
  end
  if state == 0 then
    state = 1
  end
  local self = setmetatable({ state = state }, generator)
  for _ = 1, 8 do
    self:next()
  end
  return self
end

function generator:next()
  local state = self.state
  state = state ~ (state >> 12)
  state = state ~ (state << 25)
  state = state ~ (state >> 27)
  self.state = state
  return (state * 0x2545F4914F6CDD1D) >> 1
end

--- A whole number from `low` to `high`, both included.
function generator:between(low, high)
  return low + self:next() % (high - low + 1)
end

--- Puts `list` into a drawn order, in place.
function generator:shuffle(list)
  for last = #list, 2, -1 do
    local other = self:between(1, last)
    list[last], list[other] = list[other], list[last]
  end
  return list
end

return generator
