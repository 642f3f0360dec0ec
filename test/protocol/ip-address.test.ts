import { expect, test } from "vitest";
import { isNetwork, Networks, shortAddress } from "../../src/protocol/index.js";
import fc from "../properties.js";

const proxies = new Networks(["10.0.0.0/8", "192.168.1.7", "fd00::/8", "::1"]);

test.each<[string, string | null, string]>([
  // The peer is no proxy: what it says of others is its own word.
  ["203.0.113.9", "1.1.1.1", "203.0.113.9"],
  ["::ffff:203.0.113.9", "1.1.1.1", "203.0.113.9"],
  ["2001:db8::9", "1.1.1.1", "2001:db8::9"],
  // It is one.
  ["10.1.2.3", null, "10.1.2.3"],
  ["10.1.2.3", "", "10.1.2.3"],
  ["10.1.2.3", "203.0.113.9", "203.0.113.9"],
  ["::ffff:10.1.2.3", "203.0.113.9", "203.0.113.9"],
  ["::1", "2001:DB8:0:0::9", "2001:db8::9"],
  // The client's own claim is before what the first proxy added.
  ["10.1.2.3", "6.6.6.6, 203.0.113.9", "203.0.113.9"],
  ["10.1.2.3", "6.6.6.6, 203.0.113.9, 10.9.9.9 ,192.168.1.7", "203.0.113.9"],
  ["10.1.2.3", "10.0.0.2, 10.0.0.1", "10.0.0.2"],
  ["fd12::1", "fd00::2", "fd00::2"],
  // With ports.
  ["10.1.2.3", "203.0.113.9:4711", "203.0.113.9"],
  ["10.1.2.3", "[2001:db8::9]:4711", "2001:db8::9"],
  // What is no address ends the walk.
  ["10.1.2.3", "203.0.113.9, unknown", "10.1.2.3"],
  ["10.1.2.3", "203.0.113.9, <script>, 10.0.0.1", "10.0.0.1"],
  ["/run/socket", "203.0.113.9", "/run/socket"],
])("from %s with %o: %s", (peer, forwarded, client) => {
  expect(proxies.clientOf(peer, forwarded)).toBe(client);
});

test.each([
  "10.0.0.1",
  "0.0.0.0/0",
  "10.0.0.0/8",
  "10.0.0.1/32",
  "::",
  "::/0",
  "fe80::1",
  "2001:db8::/128",
  "::ffff:1.2.3.4",
])("%s is a network", (text) => expect(isNetwork(text)).toBe(true));

test.each([
  "",
  "/8",
  "10.0.0",
  "10.0.0.256",
  "010.0.0.1",
  "10.0.0.0/33",
  "10.0.0.0/",
  "10.0.0.0/-1",
  "1::2::3",
  "::/129",
  ":",
  "localhost",
  "10.0.0.0/8/8",
  7,
  null,
])("%o is none", (text) => expect(isNetwork(text)).toBe(false));

test("a network has the addresses that begin as it does, and no others", () => {
  const octet = fc.integer({ min: 0, max: 255 });
  const address = fc.tuple(octet, octet, octet, octet);
  fc.assert(
    fc.property(address, address, fc.integer({ min: 0, max: 32 }), (one, other, length) => {
      const bits = (of: number[]) => of.map((each) => each.toString(2).padStart(8, "0")).join("");
      const within = bits(one).slice(0, length) === bits(other).slice(0, length);
      const network = new Networks([`${one.join(".")}/${length}`]);
      // Only a proxy is believed.
      const client = network.clientOf(other.join("."), "2001:db8::1");
      expect(client).toBe(within ? "2001:db8::1" : other.join("."));
    }),
  );
});

test("an address of IPv4 as a socket of both versions gives it", () => {
  expect(shortAddress("::ffff:127.0.0.1")).toBe("127.0.0.1");
  for (const same of ["127.0.0.1", "::1", "::ffff:7f00:1"]) expect(shortAddress(same)).toBe(same);
});
