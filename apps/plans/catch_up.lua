-- A gateway tells what it admitted while it could not ask. KEYS and ARGV[1..#KEYS] are the blobs of
-- limits.lua; then come for each three numbers: how many microseconds each rate is used ahead.
-- A rate is used as much as whoever says most of it: told twice is told once.
local t = redis.call('TIME')
local now = t[1] * 1000000 + t[2]
for s = 1, #KEYS do
  local rule = {struct.unpack('<dddddddddddddd', ARGV[s])}
  local held = redis.call('GET', KEYS[s])
  local state = {0, 0, 0, rule[12], 0, 0, 0, 0}
  if held then state = {struct.unpack('<dddddddd', held)} end
  local last = now
  for slot = 1, 3 do
    local interval, tolerance = rule[slot * 3 - 2], rule[slot * 3 - 1]
    local at = now + math.min(tonumber(ARGV[#KEYS + s * 3 - 3 + slot]), tolerance)
    if interval > 0 and at > state[slot] then state[slot], state[slot + 5] = at, interval end
    if state[slot] > last then last = state[slot] end
  end
  local life = math.max(math.floor((last - now) / 1000) + 1, redis.call('PTTL', KEYS[s]))
  redis.call('SET', KEYS[s], struct.pack('<dddddddd', unpack(state, 1, 8)), 'PX', string.format('%.0f', life))
end
return #KEYS
