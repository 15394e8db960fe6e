-- Give back what is left of a lease. KEYS and ARGV[1..#KEYS] are the blobs of limits.lua, which granted
-- it; ARGV[#KEYS+1] is how many requests are left, ARGV[#KEYS+2] when they were granted.
-- A rate that has been whole since then would have gained nothing from waiting; whether it was
-- cannot be told any more. So the time that has passed is taken off: never too much is returned.
local t = redis.call('TIME')
local scopes = #KEYS
local left = tonumber(ARGV[scopes + 1])
local passed = t[1] * 1000000 + t[2] - tonumber(ARGV[scopes + 2])
for s = 1, scopes do
  local held = redis.call('GET', KEYS[s])
  if held then
    local rule = {struct.unpack('<dddddddddddddd', ARGV[s])}
    local state = {struct.unpack('<dddddddd', held)}
    for slot = 1, 3 do
      local back = left * math.abs(rule[slot * 3]) * state[slot + 5] - passed
      if back > 0 then state[slot] = state[slot] - back end
    end
    if rule[14] ~= 0 and state[4] == rule[12] then
      state[5] = math.max(0, state[5] - left * rule[11])
    end
    redis.call('SET', KEYS[s], struct.pack('<dddddddd', unpack(state, 1, 8)), 'KEEPTTL')
  end
end
return left
