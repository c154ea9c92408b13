/**
 * SHA-256 sums of the official releases' archives, as HashiCorp published them: of these releases nothing else is taken, whatever a mirror or a
 * file of sums beside it says. Whoever raises a version in PROGRAMS takes the new sums from its SHA256SUMS, whose signature
 * (`gpg --verify …_SHA256SUMS.sig`) is to be that of HashiCorp's release key; those below stand in HashiCorp's own Homebrew tap too, in the commits
 * that brought these versions there. Archives for other platforms are checked against the published file of sums.
 *
 * @see https://www.hashicorp.com/trust/security
 */
export const RELEASE_SUMS: Readonly<Record<string, string>> = {
  "nomad_1.11.3_darwin_amd64.zip": "ca8bf44452296db8750b411c73c6d38a872a9fae2632f93164edbc6573433814",
  "nomad_1.11.3_darwin_arm64.zip": "8f8bbc6064a039df772fa7daa865185760111d2e2a1f2953ade2b126dff8e5dd",
  "nomad_1.11.3_linux_amd64.zip": "19dac5642a2ba5305e6ff8efee06a708d760ebe4d1cd7936bc3dc526f477dc12",
  "nomad_1.11.3_linux_arm64.zip": "902e44260fcd9297af7042fb33ccd5a29cc2202b57199724f17c96fcd67414d2",
  "consul_1.20.1_darwin_amd64.zip": "b7a55924006a085e8e4e3a19520d44593799175704b225df443a33448c7e9d0b",
  "consul_1.20.1_darwin_arm64.zip": "17c138c3b0ad841b2644702720c7235f975793606d01757c821a2ac138cb2321",
  "consul_1.20.1_linux_amd64.zip": "d38e7571177909d437a9cbcc62fb65083bc567266b74a62d02c6abe783951648",
  "consul_1.20.1_linux_arm64.zip": "03ad4cf513819413016a79154e74161bcfa3c9e1fbfcbdc9eca525b2123d4779",
};
