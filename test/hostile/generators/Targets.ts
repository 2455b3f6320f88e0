import { FastCheck } from "effect"
import * as Texts from "./Texts.ts"

/** Ways to write a character of a path as something else that a careless reader takes for it. */
const disguises: Readonly<Record<string, ReadonlyArray<string>>> = {
  "/": [
    "/",
    "//",
    "///",
    "/./",
    "/x/../",
    "%2f",
    "%2F",
    "%252f",
    "\\",
    "%5c",
    "/%2e/",
    "/%2e%2e/",
    "/..;/",
    "%c0%af",
    "/%00/"
  ],
  "a": ["a", "%61", "%2561", "A", "%u0061", "%c1%a1"],
  "i": ["i", "%69", "I", "%c4%b1"],
  "1": ["1", "%31", "%ef%bc%91"],
  ".": [".", "%2e", "%252e", "%c0%ae"]
}

/** A path with some of its characters disguised. */
export const disguised = (path: string): FastCheck.Arbitrary<string> =>
  FastCheck.tuple(
    FastCheck.array(FastCheck.nat({ max: Math.max(0, path.length - 1) }), { maxLength: 3 }),
    FastCheck.nat({ max: 100 })
  ).map(([places, choice]) =>
    [...path].map((character, at) => {
      const ways = disguises[character]
      return places.includes(at) && ways !== undefined ? ways[choice % ways.length] ?? character : character
    }).join("")
  )

/** Text as a part of a URL: escaped as it should be, or as little as the request line allows. */
export const escaped = (text: FastCheck.Arbitrary<string>): FastCheck.Arbitrary<string> =>
  FastCheck.tuple(text, FastCheck.constantFrom("right", "right", "raw", "bytes", "twice")).map(([text, how]) => {
    const bytes = [...Buffer.from(text)].map((byte) => `%${byte.toString(16).padStart(2, "0")}`).join("").slice(
      0,
      9_000
    )
    switch (how) {
      case "bytes":
        return bytes
      case "twice":
        return bytes.slice(0, 3_000).replaceAll("%", "%25")
      case "raw":
        return text.replace(/[^\u0021-\u007e]/g, "")
      default:
        return bytes.replace(/%(?:3[0-9]|[46][1-9a-f]|[57][0-9a])/g, decodeURIComponent)
    }
  })

const strange = FastCheck.constantFrom(
  "*",
  "/",
  "//",
  "/..",
  "/../../etc/passwd",
  "/%2e%2e/%2e%2e/etc/passwd",
  "/..%2f..%2fetc%2fpasswd",
  "/%c0%ae%c0%ae/",
  "/%",
  "/%0",
  "/%zz",
  "/%00",
  "/%ed%a0%80",
  "/%f4%90%80%80",
  "/docs/../api/v1/integrations",
  "/docs%00.html",
  "/docs/%2e%2e/%2e%2e/package.json",
  "/api/v1/integrations/.",
  "/api/v1/integrations;a=b",
  "/api/v1/integrations#fragment",
  "/api/v1/integrations\\..\\events",
  "/API/V1/INTEGRATIONS",
  "/api/v1//integrations",
  "/api//v1/integrations/",
  "/api/v1/webhooks/../integrations",
  "/api/v1/webhooks/%2e%2e/integrations",
  "/api/v1/webhooks/x/../../integrations",
  "/api/v1/health/../integrations",
  "/api/v1/health/live/..%2f..%2fintegrations",
  "/api/v1/internal/delivery-sink/../../integrations",
  "http://gateway/api/v1/integrations",
  "HTTP://user:password@gateway:99999/api/v1/integrations",
  "https:///api/v1/integrations",
  "http://[/api/v1/integrations",
  "ftp://gateway/api/v1/integrations",
  "gateway:443",
  "//gateway/api/v1/integrations",
  "?",
  "?limit=1",
  "/api/v1/integrations?limit=1?limit=2",
  `/${"a".repeat(14_000)}`,
  `/api/v1/webhooks/${"a/".repeat(6_000)}`,
  `/api/v1/integrations/${"%61".repeat(4_000)}`,
  `/api/v1/events?${"limit=1&".repeat(1_500)}`,
  `/api/v1/events?type=${"%F0%9F%98%80".repeat(1_000)}`
)

/** Request targets around the given paths, and others. */
export const target = (paths: ReadonlyArray<string>): FastCheck.Arbitrary<string> => {
  const path = FastCheck.constantFrom(...paths)
  return FastCheck.oneof(
    { arbitrary: path.chain(disguised), weight: 5 },
    { arbitrary: strange, weight: 3 },
    { arbitrary: FastCheck.tuple(path, escaped(Texts.text)).map(([path, rest]) => `${path}${rest}`), weight: 1 },
    { arbitrary: FastCheck.tuple(path, escaped(Texts.text)).map(([path, rest]) => `${path}?${rest}`), weight: 1 },
    { arbitrary: FastCheck.tuple(path, escaped(Texts.text)).map(([path, rest]) => `${path}/${rest}`), weight: 1 }
  )
}
