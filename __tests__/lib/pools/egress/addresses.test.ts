import { addressFrom, kindOf, type AddressKind } from "../../../../lib/pools/egress/addresses";

const kind = (text: string) => {
  const address = addressFrom(text);
  return address && kindOf(address);
};

test.each<[AddressKind, readonly string[]]>([
  ["public", ["1.1.1.1", "8.8.8.8", "172.15.255.255", "172.32.0.0", "100.128.0.0", "2606:4700::1111", "2a00:1450::1"]],
  ["loopback", ["127.0.0.1", "127.255.255.254", "0.0.0.0", "0.1.2.3", "::1", "::"]],
  ["loopback", ["::ffff:127.0.0.1", "::ffff:7f00:1", "0:0:0:0:0:ffff:7f00:0001", "::FFFF:0.0.0.0"]],
  ["link-local", ["169.254.169.254", "::ffff:169.254.169.254", "fe80::1", "fe80::1%eth0", "febf::1"]],
  ["private", ["10.0.0.1", "172.16.0.1", "172.31.255.255", "192.168.100.1", "100.64.0.1", "fd00::1", "fec0::2"]],
  ["reserved", ["224.0.0.1", "255.255.255.255", "240.0.0.1", "198.18.0.1", "192.0.2.1", "203.0.113.9"]],
  // Addresses of IPv4 inside of those of IPv6, which gateways go on to: NAT64, 6to4, Teredo, and the old form.
  ["reserved", ["64:ff9b::7f00:1", "2002:7f00:1::", "2001:0:7f00:1::", "::127.0.0.1", "ff02::1", "4000::1"]],
])("%s are %j", (expected, addresses) => {
  for (const address of addresses) expect([address, kind(address)]).toEqual([address, expected]);
});

test("what is no address is none", () => {
  for (const text of ["", "localhost", "127.1", "0x7f000001", "2130706433", "1.2.3.4.5", "::g", "[::1]"])
    expect(addressFrom(text)).toBeUndefined();
});
