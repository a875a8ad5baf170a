/** Of an IPv6 address, 16 bits each, and how many of them are its network. */
const GROUPS = 8;
const NETWORK_GROUPS = 4;

/**
 * Whom an address belongs to: an IPv4 address to itself, an IPv6 address to its /64, of which one customer has 2^64. IPv4
 * written as IPv6 is IPv4.
 */
export function networkOf(address: string): string {
  if (!address.includes(':')) return address;
  const ipv4 = /^::ffff:([0-9.]+)$/i.exec(address)?.[1];
  if (ipv4 !== undefined) return ipv4;
  const [head = '', tail] = address.replace(/%.*$/, '').split('::');
  const left = groupsOf(head);
  const right = groupsOf(tail ?? '');
  const zeros = Array.from({ length: Math.max(0, GROUPS - left.length - right.length) }, () => '0');
  return `${[...left, ...zeros, ...right].slice(0, NETWORK_GROUPS).join(':')}::/64`;
}

/** Of 16 bits each, without leading zeros; an IPv4 tail is two of them. */
function groupsOf(text: string): readonly string[] {
  const groups = text === '' ? [] : text.toLowerCase().split(':');
  return groups.flatMap((group) => (group.includes('.') ? ['v4', 'v4'] : [group.replace(/^0+(?=.)/, '')]));
}
