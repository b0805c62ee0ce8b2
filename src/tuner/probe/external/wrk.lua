-- Arguments: method, and how many requests one thread may send.
-- At the end, prints what wrk measured as one line of JSON on standard error.

-- More than so many requests cannot be sent in the time of a probe; counting costs.
local COUNT_BELOW = 100000

init = function(arguments)
   wrk.method = arguments[1]
   local message = wrk.format()
   local limit = tonumber(arguments[2])
   if limit < COUNT_BELOW then
      local sent = 0
      request = function()
         sent = sent + 1
         if sent == limit + 1 then
            -- The thread ends its loop; SIGINT wakes the main thread, which sleeps till the end.
            -- It comes a little later: while this command runs, wrk ignores it (system(3)).
            wrk.thread:stop()
            os.execute("(sleep 0.02; kill -INT $PPID) &")
         end
         return message
      end
   end
end

-- wrk looks for the n-th value from the shortest upwards: the whole histogram costs their
-- number times the longest. Beyond so many steps (some seconds) percentiles must do.
local MOST_STEPS = 2e9

local function pairs_of(latency)
   local pairs = {}
   if #latency * latency.max <= MOST_STEPS then
      for i = 1, #latency do
         pairs[i] = string.format("[%d,%d]", latency(i))
      end
      return "histogram", pairs
   end
   for i, percent in ipairs({50, 90, 95, 99, 99.9}) do
      pairs[i] = string.format("[%g,%d]", percent, latency:percentile(percent))
   end
   pairs[#pairs + 1] = string.format("[100,%d]", latency.max)
   return "percentiles", pairs
end

done = function(summary, latency, requests)
   local processor, mean = os.clock(), latency.mean
   local e = summary.errors
   local name, pairs = pairs_of(latency)
   io.stderr:write(string.format(
      '{"requests":%d,"microseconds":%d,"processor":%f,"bytes":%d,"connect":%d,"read":%d,' ..
      '"write":%d,"status":%d,"timeout":%d,"mean":%f,"%s":[%s]}\n',
      summary.requests, summary.duration, processor, summary.bytes, e.connect, e.read,
      e.write, e.status, e.timeout, mean == mean and mean or 0, name, table.concat(pairs, ",")))
end
