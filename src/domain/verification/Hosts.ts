const maxLength = 1_000

/**
 * Whether it is a URL of https at one of the places, each a host and perhaps the beginning of a path behind it, on the usual
 * port and without credentials. `*` stands for one label, `<region>` for one that is a region of AWS, such as `eu-west-1`.
 */
export const allows = (places: ReadonlyArray<string>, url: string): boolean => {
  if (url.length > maxLength || !URL.canParse(url)) return false
  const { hostname, password, pathname, port, protocol, username } = new URL(url)
  return protocol === "https:" && port === "" && username === "" && password === "" &&
    places.some((place) => {
      const [host = "", ...path] = place.split("/")
      return matches(host.split("."), hostname.split(".")) && pathname.startsWith(`/${path.join("/")}`)
    })
}

const matches = (pattern: ReadonlyArray<string>, labels: ReadonlyArray<string>): boolean =>
  pattern.length === labels.length &&
  pattern.every((wanted, index) => matchesLabel(wanted, labels[index] ?? ""))

const matchesLabel = (wanted: string, label: string): boolean => {
  switch (wanted) {
    case "*":
      return label !== ""
    case "<region>":
      return /^[a-z]{2}(?:-[a-z]+)+-\d$/.test(label)
    default:
      return label === wanted
  }
}
