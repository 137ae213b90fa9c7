-- The number that proposals make smaller.

return function()
  return 1000000
end
