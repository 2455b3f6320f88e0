/** One answer as it came over the wire. */
export interface Answer {
  readonly status: number
  /** Names in lower case. */
  readonly headers: ReadonlyMap<string, string>
  readonly text: string
}

export interface Read {
  /** In the order in which they came, interim ones left out. */
  readonly answers: ReadonlyArray<Answer>
  /** What came and is no HTTP. */
  readonly rest: string
}

const head = /^HTTP\/1\.1 (\d{3}) [^\r\n]*\r\n((?:[!#$%&'*+.^_`|~\w-]+:[ \t]*[^\r\n\0]*\r\n)*)\r\n/

/** Reads bytes strictly as answers; `bodyless` says that they may be answers to HEAD. */
export const read = (bytes: Buffer, bodyless: boolean): Read => {
  const answers: Array<Answer> = []
  let rest = bytes.toString("latin1")
  for (;;) {
    const found = head.exec(rest)
    if (found === null) return { answers, rest }
    const headers = headersOf(found[2] ?? "")
    const status = Number(found[1])
    const body = bodyOf(rest.slice(found[0].length), status, headers, bodyless)
    if (body === undefined) return { answers, rest }
    if (status >= 200) answers.push({ status, headers, text: Buffer.from(body.text, "latin1").toString("utf8") })
    rest = body.rest
  }
}

const headersOf = (lines: string): ReadonlyMap<string, string> =>
  new Map(
    lines.split("\r\n").filter((line) => line !== "").map((line) => {
      const at = line.indexOf(":")
      return [line.slice(0, at).toLowerCase(), line.slice(at + 1).trim()]
    })
  )

interface Body {
  readonly text: string
  readonly rest: string
}

const bodyOf = (
  rest: string,
  status: number,
  headers: ReadonlyMap<string, string>,
  bodyless: boolean
): Body | undefined => {
  if (status < 200 || status === 204 || status === 304) return { text: "", rest }
  if (headers.get("transfer-encoding") === "chunked") return chunked(rest)
  if (bodyless && (rest === "" || rest.startsWith("HTTP/1.1 "))) return { text: "", rest }
  const length = Number(headers.get("content-length") ?? 0)
  return rest.length < length ? undefined : { text: rest.slice(0, length), rest: rest.slice(length) }
}

const chunked = (rest: string, before = ""): Body | undefined => {
  const size = /^([0-9a-f]+)\r\n/i.exec(rest)
  if (size === null) return undefined
  const length = Number.parseInt(size[1] ?? "", 16)
  const from = size[0].length
  if (rest.slice(from + length, from + length + 2) !== "\r\n") return undefined
  const text = before + rest.slice(from, from + length)
  const after = rest.slice(from + length + 2)
  return length === 0 ? { text, rest: after } : chunked(after, text)
}
