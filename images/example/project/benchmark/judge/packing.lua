-- Checks an answer and counts what it costs.

local packing = {}

--- The number of bins that `answer` uses for `instance`; an error that says why, where it is no packing at all.
function packing.bins(instance, answer)
  assert(type(answer) == "table" and type(answer.bin_of) == "table", "the answer has no list bin_of")
  local bin_of, count = answer.bin_of, #instance.sizes
  assert(#bin_of == count, "bin_of has " .. #bin_of .. " entries for " .. count .. " items")
  local load, bins = {}, 0
  for item, size in ipairs(instance.sizes) do
    local bin = bin_of[item]
    assert(math.type(bin) == "integer" and bin >= 1 and bin <= count, "item " .. item .. " is in no possible bin")
    if not load[bin] then
      load[bin], bins = 0, bins + 1
    end
    load[bin] = load[bin] + size
    assert(load[bin] <= instance.capacity, "bin " .. bin .. " holds more than its capacity")
  end
  return bins
end

return packing
