-- Packs items into bins, one bin at a time: the largest item left, then the items that fill the rest best.

local pack = {}

-- How many choices the search for one bin may look at. It ends earlier when a bin is exactly full.
local CHOICES = 4000

--- The items by falling size; of equal ones the earlier first.
local function falling(sizes)
  local order = {}
  for item in ipairs(sizes) do
    order[item] = item
  end
  table.sort(order, function(a, b)
    if sizes[a] ~= sizes[b] then
      return sizes[a] > sizes[b]
    end
    return a < b
  end)
  return order
end

--- Positions in `left` whose items fill `room` best, as found within the allowed choices.
local function best_filling(left, sizes, room)
  local best, least, chosen, choices = {}, room, {}, 0
  local function search(from, remaining)
    if remaining < least then
      least = remaining
      best = table.move(chosen, 1, #chosen, 1, {})
    end
    local refused
    for position = from, #left do
      if least == 0 or choices >= CHOICES then
        return
      end
      local size = sizes[left[position]]
      -- An item as large as one that was just tried here leads to the same fillings.
      if size <= remaining and size ~= refused then
        choices = choices + 1
        chosen[#chosen + 1] = position
        search(position + 1, remaining - size)
        chosen[#chosen] = nil
        refused = size
      end
    end
  end
  search(1, room)
  return best
end

--- Packs all items. `sizes[i]` is the size of item i, 1 <= size <= capacity.
--- Returns `bin_of`, where `bin_of[i]` is the number of the bin that holds item i, from 1 without gaps.
function pack.solve(capacity, sizes)
  local bin_of, left, bin = {}, falling(sizes), 0
  while #left > 0 do
    bin = bin + 1
    local largest = table.remove(left, 1)
    bin_of[largest] = bin
    local filling = best_filling(left, sizes, capacity - sizes[largest])
    for index = #filling, 1, -1 do
      bin_of[table.remove(left, filling[index])] = bin
    end
  end
  return bin_of
end

return pack
