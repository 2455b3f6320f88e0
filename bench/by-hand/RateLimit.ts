import { Redis } from "ioredis"

const script = `
  local count = redis.call('INCR', KEYS[1])
  if count == 1 then redis.call('PEXPIRE', KEYS[1], ARGV[1]) end
  return count`

const windowMs = 60_000

/** Whether a source may send one more in this minute. */
export const make = (url: string, perMinute: number): (sourceId: string) => Promise<boolean> => {
  const redis = new Redis(url, { enableAutoPipelining: true })
  redis.on("error", () => undefined)
  redis.defineCommand("hit", { numberOfKeys: 1, lua: script })
  const { hit } = redis as Redis & { readonly hit: (key: string, window: number) => Promise<number> }
  return async (sourceId) => await hit.call(redis, `limit:${sourceId}`, windowMs) <= perMinute
}
