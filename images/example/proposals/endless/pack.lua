-- Packs items into bins by looking for the best packing until it is proved, which is never.

local pack = {}

function pack.solve(capacity, sizes)
  local bin_of = {}
  while true do
    for item in ipairs(sizes) do
      bin_of[item] = item
    end
  end
end

return pack
