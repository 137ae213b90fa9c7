-- Packs items into bins, and stops with an error at the first instance that has more than a hundred items.

local pack = {}

function pack.solve(capacity, sizes)
  assert(#sizes <= 100, "too many items")
  local bin_of = {}
  for item in ipairs(sizes) do
    bin_of[item] = item
  end
  return bin_of
end

return pack
