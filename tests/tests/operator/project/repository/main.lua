-- The candidate's side: one question comes in, one number goes out.

local answer = require("answer")

for _ in channel.receive do
  channel.send(tostring(answer()))
end
