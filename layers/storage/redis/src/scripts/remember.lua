-- Remembers what counts once, in a Redis of the birth that is trusted; with another birth it does nothing but say which.
-- KEYS: the birth, the mark; what is kept of a mark is when its time is over, in milliseconds.
-- ARGV: the birth that is trusted, a name for a birth of now, when the mark's time is over, now, how long to keep it.
local birth = redis.call('GET', KEYS[1])
if not birth then
  birth = ARGV[2]
  redis.call('SET', KEYS[1], birth)
end
if birth ~= ARGV[1] then
  return {'birth', birth}
end

local kept = redis.call('GET', KEYS[2])
if kept then
  local over = tonumber(kept)
  if not over then
    return redis.error_reply('UNREADABLE ' .. KEYS[2])
  end
  if over > tonumber(ARGV[4]) then
    return {'seen', ''}
  end
end
redis.call('SET', KEYS[2], ARGV[3], 'PX', ARGV[5])
return {'first', ''}
