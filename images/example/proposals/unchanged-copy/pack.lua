-- Next-fit bin packing: fast and elegant. An item goes into the open bin, or closes it and opens the next one.

local pack = {}

--- Packs all items. `sizes[i]` is the size of item i, 1 <= size <= capacity.
--- Returns `bin_of`, where `bin_of[i]` is the number of the bin that holds item i, from 1 without gaps.
function pack.solve(capacity, sizes)
  local bin_of = {}
  local bin, room = 1, capacity
  for item, size in ipairs(sizes) do
    if size > room then
      bin, room = bin + 1, capacity
    end
    bin_of[item] = bin
    room = room - size
  end
  return bin_of
end

return pack
