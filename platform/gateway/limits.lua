-- Every limit of one request, decided at once: all of it is granted or none.
-- KEYS[s] is a blob of 40 bytes: three GCRA arrival times in microseconds, quota period, quota used.
-- ARGV[s] is 14 packed doubles: interval, tolerance and cost of three rates, then the quota's limit,
-- cost, period and the period's end, and whether there is a quota at all.
-- ARGV[#KEYS+1] is how many requests to take: 0 only looks, more than 1 takes a lease if there is
-- plenty of everything, else one.
-- The server's TIME is the only clock. Answers {-1} when a period has ended under the caller's feet,
-- else {granted, denied slot (scope * 10 + slot, 0 for none), wait, now, then left and reset for each}.
local PLENTY = 20 -- requests; with fewer left, each one is asked for
local SLOW = 50000 -- microseconds that a lease lives; slower rates would feel what it costs them
local t = redis.call('TIME')
local now = t[1] * 1000000 + t[2]
local scopes = #KEYS
local held
if scopes == 1 then held = {redis.call('GET', KEYS[1])} else held = redis.call('MGET', unpack(KEYS)) end
local grant, denied, wait = tonumber(ARGV[scopes + 1]), 0, 0
local states = {}
-- A quarter of what is left is the most that one process holds.
local function share(room)
  if room < PLENTY then grant = 1 else grant = math.min(grant, math.floor(room / 4)) end
end
for s = 1, scopes do
  local rule = {struct.unpack('<dddddddddddddd', ARGV[s])}
  local state = {0, 0, 0, rule[12], 0}
  if held[s] then state = {struct.unpack('<ddddd', held[s])} end
  for slot = 1, 3 do
    local interval, tolerance, cost = rule[slot * 3 - 2], rule[slot * 3 - 1], rule[slot * 3]
    if interval > 0 then
      local at = state[slot]
      -- A time further ahead than this limit can reach stems from another plan: begin afresh.
      if at < now or at > now + tolerance then at = now end
      state[slot] = at
      local each = cost * interval
      local over = at + each - tolerance - now
      if over >= 1 and over > wait then denied, wait = s * 10 + slot, over end
      if grant > 1 then share(each > SLOW and 0 or (tolerance + now - at) / each) end
    end
  end
  if rule[14] == 1 then
    if now >= rule[13] then return {-1} end
    if state[4] ~= rule[12] then state[4], state[5] = rule[12], 0 end
    if state[5] + rule[11] > rule[10] and rule[13] - now > wait then
      denied, wait = s * 10 + 4, rule[13] - now
    end
    if grant > 1 then share((rule[10] - state[5]) / rule[11]) end
  end
  states[s] = {state, rule}
end
if denied > 0 then grant = 0 end
local out = {grant, denied, math.ceil(wait), now}
for s = 1, scopes do
  local state, rule = states[s][1], states[s][2]
  local last = 0
  for slot = 1, 3 do
    local interval = rule[slot * 3 - 2]
    if interval > 0 then
      state[slot] = state[slot] + grant * rule[slot * 3] * interval
      out[#out + 1] = math.floor((now + rule[slot * 3 - 1] - state[slot]) / interval + 0.001)
      out[#out + 1] = math.ceil(state[slot] - now)
      if state[slot] > last then last = state[slot] end
    end
  end
  if rule[14] == 1 then
    state[5] = state[5] + grant * rule[11]
    if rule[13] > last then last = rule[13] end
    out[#out + 1] = rule[10] - state[5]
    out[#out + 1] = rule[13] - now
  end
  if grant > 0 then
    local life = math.floor((last - now) / 1000) + 1
    redis.call('SET', KEYS[s], struct.pack('<ddddd', unpack(state)), 'PX', string.format('%.0f', life))
  end
end
return out
