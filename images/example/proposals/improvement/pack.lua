-- Packs items into bins, first-fit decreasing: the largest items first, each into the first bin that has room.

local pack = {}

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

--- Packs all items. `sizes[i]` is the size of item i, 1 <= size <= capacity.
--- Returns `bin_of`, where `bin_of[i]` is the number of the bin that holds item i, from 1 without gaps.
function pack.solve(capacity, sizes)
  local bin_of, room = {}, {}
  for _, item in ipairs(falling(sizes)) do
    local bin = 1
    while room[bin] and room[bin] < sizes[item] do
      bin = bin + 1
    end
    room[bin] = (room[bin] or capacity) - sizes[item]
    bin_of[item] = bin
  end
  return bin_of
end

return pack
