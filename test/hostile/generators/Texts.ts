import { FastCheck } from "effect"

/** Texts that mean something to somebody on their way: a database, a shell, a log, JavaScript, a file system. */
const loaded: ReadonlyArray<string> = [
  "",
  " ",
  "'",
  "\"",
  "\\",
  "' OR '1'='1",
  "1; DROP TABLE events;--",
  "1) OR pg_sleep(10) IS NOT NULL--",
  "' UNION SELECT NULL,NULL--",
  "{\"a\":{\"$gt\":\"\"}}",
  "{1,NULL,\"x\"}",
  "$(id)",
  "`id`",
  "| id",
  "${jndi:ldap://127.0.0.1:9/a}",
  "{{7*7}}",
  "<script>alert(1)</script>",
  "%s%n%x",
  "../../../../etc/passwd",
  "..\\..\\windows",
  "file:///etc/passwd",
  "\r\n{\"logLevel\":\"ERROR\",\"message\":\"forged\"}",
  "\r\nset-cookie: a=b",
  "\u001b[2J\u001b]0;x\u0007",
  "\u0000",
  "a\u0000b",
  "\u0085\u2028\u2029",
  "\u202eabc",
  "\ufeff",
  "\ufffe\uffff",
  "\ud800",
  "\udc00\ud800",
  "e\u0301".repeat(50),
  "\ud83d\ude00".repeat(50),
  "__proto__",
  "constructor",
  "prototype",
  "toString",
  "hasOwnProperty",
  "null",
  "undefined",
  "true",
  "[object Object]",
  "a".repeat(10_000),
  "*".repeat(500)
]

/** Numbers at and beyond the ends of what somebody keeps them in. */
const numbers: ReadonlyArray<string> = [
  "0",
  "-0",
  "-1",
  "1.5",
  "1e2",
  "0x10",
  "1_000",
  "١٢",
  "2147483647",
  "2147483648",
  "-2147483649",
  "4294967296",
  "9007199254740991",
  "9007199254740993",
  "9223372036854775808",
  "-9223372036854775809",
  "18446744073709551616",
  "1e400",
  "-1e400",
  "1e-400",
  "NaN",
  "Infinity",
  "-Infinity",
  "9".repeat(400)
]

const uuid = "019ab1f0-0000-7000-8000-000000000000"

/** What stands where an id is expected. */
const ids: ReadonlyArray<string> = [
  uuid,
  uuid.toUpperCase(),
  `{${uuid}}`,
  `urn:uuid:${uuid}`,
  ` ${uuid}`,
  `${uuid}\n`,
  `${uuid}'`,
  uuid.replaceAll("-", ""),
  uuid.slice(1),
  `${uuid}0`,
  "00000000-0000-0000-0000-000000000000",
  "ffffffff-ffff-ffff-ffff-ffffffffffff",
  "gggggggg-gggg-gggg-gggg-gggggggggggg"
]

/** Times that a calendar, JavaScript or PostgreSQL does not know. */
const times: ReadonlyArray<string> = [
  "-271821-04-20T00:00:00Z",
  "-271821-04-19T23:59:59Z",
  "+275760-09-13T00:00:00Z",
  "+275760-09-13T00:00:01Z",
  "-004714-01-01T00:00:00Z",
  "0000-01-01T00:00:00Z",
  "2026-02-30T00:00:00Z",
  "2026-11-25T24:00:00Z",
  "2026-11-25T02:18:16+99:99",
  "1969-12-31T23:59:59.999Z",
  "9999-12-31T23:59:60Z",
  "epoch",
  "infinity",
  "now()",
  "1732500000"
]

export const number = FastCheck.constantFrom(...numbers)
export const id = FastCheck.constantFrom(...ids)
export const time = FastCheck.constantFrom(...times)

/** Any text, most of them loaded. */
export const text = FastCheck.oneof(
  { arbitrary: FastCheck.constantFrom(...loaded), weight: 6 },
  { arbitrary: number, weight: 2 },
  { arbitrary: id, weight: 1 },
  { arbitrary: time, weight: 1 },
  { arbitrary: FastCheck.string({ unit: "binary", maxLength: 50 }), weight: 2 },
  { arbitrary: FastCheck.string({ maxLength: 50 }), weight: 1 }
)

/** Any text, as far as it may stand in a header: each character a byte, no control characters. */
export const inHeader = text.map((text) =>
  Buffer.from(Buffer.from(text).filter((byte) => byte > 31 && byte !== 127)).toString("latin1").slice(0, 3_000)
)
