/** How callbacks take an address: by the rule for the one that it carries, or by a tier of their own. */
export type Tier = "public" | "private" | "forbidden" | "carrier"

type Row = readonly [block: string, name: string, source: string, tier: Tier]

/**
 * IANA's IPv4 Special-Purpose Address Registry, every row of it, as of May 2025:
 * https://www.iana.org/assignments/iana-ipv4-special-registry. What it calls globally reachable are anycast addresses of
 * protocols, where no callback lives; they are forbidden too. Multicast has a registry of its own.
 */
export const ipv4: ReadonlyArray<Row> = [
  ["0.0.0.0/8", "This network", "RFC 791", "forbidden"],
  ["0.0.0.0/32", "This host on this network", "RFC 1122", "forbidden"],
  ["10.0.0.0/8", "Private-Use", "RFC 1918", "private"],
  ["100.64.0.0/10", "Shared Address Space", "RFC 6598", "private"],
  ["127.0.0.0/8", "Loopback", "RFC 1122", "forbidden"],
  ["169.254.0.0/16", "Link Local", "RFC 3927", "forbidden"],
  ["172.16.0.0/12", "Private-Use", "RFC 1918", "private"],
  ["192.0.0.0/24", "IETF Protocol Assignments", "RFC 6890", "forbidden"],
  ["192.0.0.0/29", "IPv4 Service Continuity Prefix", "RFC 7335", "forbidden"],
  ["192.0.0.8/32", "IPv4 dummy address", "RFC 7600", "forbidden"],
  ["192.0.0.9/32", "Port Control Protocol Anycast", "RFC 7723", "forbidden"],
  ["192.0.0.10/32", "Traversal Using Relays around NAT Anycast", "RFC 8155", "forbidden"],
  ["192.0.0.170/32", "NAT64/DNS64 Discovery", "RFC 8880", "forbidden"],
  ["192.0.0.171/32", "NAT64/DNS64 Discovery", "RFC 8880", "forbidden"],
  ["192.0.2.0/24", "Documentation (TEST-NET-1)", "RFC 5737", "forbidden"],
  ["192.31.196.0/24", "AS112-v4", "RFC 7535", "forbidden"],
  ["192.52.193.0/24", "AMT", "RFC 7450", "forbidden"],
  ["192.88.99.0/24", "Deprecated (6to4 Relay Anycast)", "RFC 7526", "forbidden"],
  ["192.88.99.2/32", "6a44-relay anycast address", "RFC 6751", "forbidden"],
  ["192.168.0.0/16", "Private-Use", "RFC 1918", "private"],
  ["192.175.48.0/24", "Direct Delegation AS112 Service", "RFC 7534", "forbidden"],
  ["198.18.0.0/15", "Benchmarking", "RFC 2544", "forbidden"],
  ["198.51.100.0/24", "Documentation (TEST-NET-2)", "RFC 5737", "forbidden"],
  ["203.0.113.0/24", "Documentation (TEST-NET-3)", "RFC 5737", "forbidden"],
  ["224.0.0.0/4", "Multicast", "RFC 5771", "forbidden"],
  ["240.0.0.0/4", "Reserved", "RFC 1112", "forbidden"],
  ["255.255.255.255/32", "Limited Broadcast", "RFC 8190", "forbidden"]
]

/**
 * IANA's IPv6 Special-Purpose Address Registry, every row of it, as of May 2025:
 * https://www.iana.org/assignments/iana-ipv6-special-registry; and what other documents have set apart.
 */
export const ipv6: ReadonlyArray<Row> = [
  ["::1/128", "Loopback Address", "RFC 4291", "forbidden"],
  ["::/128", "Unspecified Address", "RFC 4291", "forbidden"],
  ["::ffff:0:0/96", "IPv4-mapped Address", "RFC 4291", "carrier"],
  ["64:ff9b::/96", "IPv4-IPv6 Translat.", "RFC 6052", "carrier"],
  ["64:ff9b:1::/48", "IPv4-IPv6 Translat.", "RFC 8215", "forbidden"],
  ["100::/64", "Discard-Only Address Block", "RFC 6666", "forbidden"],
  ["100:0:0:1::/64", "Dummy IPv6 Prefix", "RFC 9780", "forbidden"],
  ["2001::/23", "IETF Protocol Assignments", "RFC 2928", "forbidden"],
  ["2001::/32", "TEREDO", "RFC 4380", "forbidden"],
  ["2001:1::1/128", "Port Control Protocol Anycast", "RFC 7723", "forbidden"],
  ["2001:1::2/128", "Traversal Using Relays around NAT Anycast", "RFC 8155", "forbidden"],
  ["2001:1::3/128", "DNS-SD Service Registration Protocol Anycast", "RFC 9665", "forbidden"],
  ["2001:2::/48", "Benchmarking", "RFC 5180", "forbidden"],
  ["2001:3::/32", "AMT", "RFC 7450", "forbidden"],
  ["2001:4:112::/48", "AS112-v6", "RFC 7535", "forbidden"],
  ["2001:10::/28", "Deprecated (previously ORCHID)", "RFC 4843", "forbidden"],
  ["2001:20::/28", "ORCHIDv2", "RFC 7343", "forbidden"],
  ["2001:30::/28", "Drone Remote ID Protocol Entity Tags", "RFC 9374", "forbidden"],
  ["2001:db8::/32", "Documentation", "RFC 3849", "forbidden"],
  ["2002::/16", "6to4", "RFC 3056", "carrier"],
  ["2620:4f:8000::/48", "Direct Delegation AS112 Service", "RFC 7534", "forbidden"],
  ["3fff::/20", "Documentation", "RFC 9637", "forbidden"],
  ["5f00::/16", "Segment Routing (SRv6) SIDs", "RFC 9602", "forbidden"],
  ["fc00::/7", "Unique-Local", "RFC 4193", "private"],
  ["fe80::/10", "Link-Local Unicast", "RFC 4291", "forbidden"],
  // Beside the registry.
  ["::/96", "Deprecated (IPv4-compatible)", "RFC 4291", "forbidden"],
  ["::ffff:0:0:0/96", "IPv4-translated", "RFC 6145", "carrier"],
  ["fec0::/10", "Deprecated (Site-Local Unicast)", "RFC 3879", "forbidden"],
  ["ff00::/8", "Multicast", "RFC 4291", "forbidden"]
]

/** Where clouds tell credentials, outside of link-local: their own documentation is the source. */
export const metadata: ReadonlyArray<readonly [block: string, cloud: string]> = [
  ["100.100.100.200/32", "Alibaba"],
  ["168.63.129.16/32", "Azure"],
  ["fd00:ec2::/32", "AWS: fd00:ec2::254 of instances, fd00:ec2::23 of pods"],
  ["fd20:ce::254/128", "Google"],
  ["fd00:42::42/128", "Scaleway"]
]
