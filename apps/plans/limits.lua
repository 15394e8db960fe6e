-- Every limit of one request, decided at once: all of it is granted or none.
-- KEYS are first blobs of 64 bytes: three GCRA arrival times in microseconds, quota period, quota
-- used, and the intervals that the times were counted in; then sorted sets of the requests under way. For each blob ARGV has 14 packed doubles: interval,
-- tolerance and cost of three rates, then the quota's limit, cost, period and the period's end, and 1
-- if there is a quota at all. Then for each set its limit, who takes the place, and for how many
-- milliseconds. A negative cost, -1, or a negative limit is a shadow: it is counted like any other,
-- and refuses nothing.
-- The last of ARGV is how many requests to take: 0 only looks, more than 1 takes a lease if there is
-- plenty of everything, else one.
-- The server's TIME is the only clock. Answers {-1} when a period has ended under the caller's feet,
-- else {granted, denied slot (place of its key * 10 + slot, 0 for none), wait, now, then left and
-- reset for each}. Of a shadow that would have refused, -1 - left.
local PLENTY = 20 -- requests; with fewer left, each one is asked for
local SLOW = 50000 -- microseconds that a lease lives; slower rates would feel what it costs them
local t = redis.call('TIME')
local now = t[1] * 1000000 + t[2]
local sets = (#ARGV - 1 - #KEYS) / 2
local scopes = #KEYS - sets
local held
if scopes == 1 then held = {redis.call('GET', KEYS[1])}
elseif scopes > 1 then held = redis.call('MGET', unpack(KEYS, 1, scopes)) end
local grant, denied, wait = tonumber(ARGV[#ARGV]), 0, 0
local states, missed = {}, nil
-- A quarter of what is left is the most that one process holds.
local function share(room)
  if room < PLENTY then grant = 1 else grant = math.min(grant, math.floor(room / 4)) end
end
for s = 1, scopes do
  local rule = {struct.unpack('<dddddddddddddd', ARGV[s])}
  local state = {0, 0, 0, rule[12], 0, 0, 0, 0}
  if held[s] then state = {struct.unpack('<dddddddd', held[s])} end
  for slot = 1, 3 do
    local interval, tolerance, cost = rule[slot * 3 - 2], rule[slot * 3 - 1], rule[slot * 3]
    if interval > 0 then
      local at = state[slot]
      local shadow = cost < 0
      if shadow then cost = -cost; rule[slot * 3] = cost end
      local was = state[slot + 5]
      if at < now then at = now
      elseif was ~= interval then -- Another plan counted: as much is used of this one.
        at = was > 0 and now + (at - now) * interval / was or now
      end
      if at > now + tolerance then at = now + tolerance end
      state[slot], state[slot + 5] = at, interval
      local each = cost * interval
      local over = at + each - tolerance - now
      if over >= 1 then
        if shadow then -- It takes nothing, as if it had refused.
          missed = missed or {}
          missed[s * 10 + slot] = true
          rule[slot * 3] = 0
        elseif over > wait then denied, wait = s * 10 + slot, over end
      end
      if grant > 1 then share(each > SLOW and 0 or (tolerance + now - at) / each) end
    end
  end
  if rule[14] ~= 0 then
    if now >= rule[13] then return {-1} end
    if state[4] ~= rule[12] then state[4], state[5] = rule[12], 0 end
    if grant > 1 then share((rule[10] - state[5]) / rule[11]) end
    if state[5] + rule[11] > rule[10] then
      if rule[14] < 0 then
        missed = missed or {}
        missed[s * 10 + 4] = true
        rule[11] = 0
      elseif rule[13] - now > wait then denied, wait = s * 10 + 4, rule[13] - now end
    end
  end
  states[s] = {state, rule}
end
local under_way = {}
for c = 1, sets do
  local limit = tonumber(ARGV[scopes + 3 * c - 2])
  redis.call('ZREMRANGEBYSCORE', KEYS[scopes + c], '-inf', string.format('%.0f', now))
  under_way[c] = redis.call('ZCARD', KEYS[scopes + c])
  if under_way[c] >= math.abs(limit) then
    if limit < 0 then
      missed = missed or {}
      missed[(scopes + c) * 10] = true
    elseif denied == 0 then denied, wait = (scopes + c) * 10, 1 end
  end
  if grant > 1 then grant = 1 end
end
if denied > 0 then grant = 0 end
local out = {grant, denied, math.ceil(wait), now}
local function tell(number, left, reset)
  if missed and missed[number] then left = -1 - left end
  out[#out + 1] = left
  out[#out + 1] = reset
end
for s = 1, scopes do
  local state, rule = states[s][1], states[s][2]
  local last = 0
  for slot = 1, 3 do
    local interval = rule[slot * 3 - 2]
    if interval > 0 then
      state[slot] = state[slot] + grant * rule[slot * 3] * interval
      local left = math.floor((now + rule[slot * 3 - 1] - state[slot]) / interval + 0.001)
      tell(s * 10 + slot, left, math.ceil(state[slot] - now))
      if state[slot] > last then last = state[slot] end
    end
  end
  if rule[14] ~= 0 then
    state[5] = state[5] + grant * rule[11]
    if rule[13] > last then last = rule[13] end
    tell(s * 10 + 4, rule[10] - state[5], rule[13] - now)
  end
  if grant > 0 then
    local life = math.floor((last - now) / 1000) + 1
    redis.call('SET', KEYS[s], struct.pack('<dddddddd', unpack(state, 1, 8)), 'PX', string.format('%.0f', life))
  end
end
for c = 1, sets do
  local at, number = scopes + 3 * c - 2, (scopes + c) * 10
  if grant > 0 and not (missed and missed[number]) then
    local life = tonumber(ARGV[at + 2])
    redis.call('ZADD', KEYS[scopes + c], string.format('%.0f', now + life * 1000), ARGV[at + 1])
    redis.call('PEXPIRE', KEYS[scopes + c], life)
    under_way[c] = under_way[c] + 1
  end
  tell(number, math.abs(tonumber(ARGV[at])) - under_way[c], 0)
end
return out
