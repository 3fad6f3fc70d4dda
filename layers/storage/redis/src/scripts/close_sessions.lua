-- Closes the places of sessions: nothing is found there, and nothing filled in.
-- KEYS: the places. ARGV: what stands in a closed place, and how long.
for _, key in ipairs(KEYS) do
  local set = redis.pcall('SET', key, ARGV[1], 'PX', ARGV[2])
  if type(set) == 'table' and set.err then
    -- A full Redis gives no tickets either. What is there goes, and with it every ticket.
    redis.call('DEL', key)
  end
end
return 0
