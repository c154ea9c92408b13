import { phrase, Phrases } from "./phrase";
import { isUserAndPassword } from "./values";

/** Passwords that files of settings hold in their own grammar. */
export const SETTINGS = new Phrases([
  // Files of credentials: .netrc, .pgpass. https://www.postgresql.org/docs/current/libpq-pgpass.html
  phrase(
    /\b(?:machine|login|default|user)\b/,
    /\b(?:default|(?:machine|login|account|user)[ \t]{1,9}\S{1,100})[ \t]{1,9}(?:(?:login|account)[ \t]{1,9}\S{1,100}[ \t]{1,9}){0,3}(?:password|insecure-password)[ \t]{1,9}(\S{1,400})/g,
  ),
  phrase(
    /^[^\s:]+:(?:\d+|\*):/m,
    /^[^\s:]{1,200}:(?:\d{1,5}|\*):[^\s:]{1,100}:[^\s:]{1,100}:([^\s:]{1,400})[ \t\r]{0,9}$/gm,
  ),
  // SQL. https://www.postgresql.org/docs/current/sql-createrole.html
  phrase(
    /\bpassword\b/i,
    /\b(?:WITH|ROLE|USER|ENCRYPTED|SET)\b[^;'"\n]{0,100}\bPASSWORD[ \t]{1,9}["']([^"'\n]{1,400})["']/gi,
  ),
  phrase(
    /\bidentified\b/i,
    /\bIDENTIFIED[ \t]{1,9}(?:WITH[ \t]{1,9}\S{1,60}[ \t]{1,9})?(?:BY|AS)[ \t]{1,9}(?:PASSWORD[ \t]{1,9})?["']([^"'\n]{1,400})["']/gi,
  ),
  // What servers' configurations say: Redis, HAProxy, nginx, traefik, PHP.
  phrase(
    /\buser\b/,
    /^[ \t]{0,40}(?:ACL[ \t]{1,9}SETUSER|user)[ \t]{1,9}\S{1,100}(?:[ \t]{1,9}\S{1,100}){0,8}?[ \t]{1,9}[>#]([^\s~&+]{3,400})/gm,
  ),
  phrase(/\bsecure_link_md5\b/, /\bsecure_link_md5[ \t]{1,9}"[^"\n]{0,400}[ \t]([^\s"$]{4,400})"/g),
  // Dovecot's and OpenLDAP's passwords that are not hashed. https://doc.dovecot.org/2.4.1/core/config/auth/schemes.html
  phrase(/\{(?:PLAIN|CLEAR|CLEARTEXT)\}/, /(?<!\$)\{(?:PLAIN|CLEAR|CLEARTEXT)\}([^\s:]{1,400})/g),
  phrase(/\bstats\b/, /\bstats[ \t]{1,9}auth[ \t]{1,9}[^\s:]{1,100}:(\S{1,400})/g),
  phrase(
    /_header\b/,
    /\b(?:proxy_set_header|add_header|more_set_headers|header_up)[ \t]{1,9}["']?(?:X-[\w-]{0,40}(?:Key|Token|Secret|Auth)|Authorization|Cookie)\b["':]{0,2}[ \t]{1,9}["']?([^"'\n;]{1,800})/gi,
  ),
  phrase(/\busers=/, /\b(?:basicauth|digestauth)\.users=["'`]?[^\s:]{1,100}:([^\s"'`]{1,400})/gi),
  phrase(
    /\bdefine\b/,
    /\bdefine\([ \t]{0,9}["'][\w-]{0,60}(?:PASSWORD|PASS|SECRET|TOKEN|KEY|SALT)["'][ \t]{0,9},[ \t]{0,9}["']([^"'\n]{1,400})["']/gi,
  ),
  // Addresses that are none by the rules: of Go's driver for MySQL, and of Oracle's.
  phrase(/@(?:tcp|unix)\(/, /[\w.-]{1,64}:([^\s"'@/]{1,200}(?:@[^\s"'@/(]{1,100}){0,2})@(?:tcp|unix)\(/g),
  phrase(
    /@(?:\/\/|[\w.-]+:\d)/,
    /(?<![\w/.:-])[\w$#]{1,64}\/([^\s"'@/]{1,200})@(?:\/\/[\w.-]{1,200}(?::\d{1,5})?|[\w.-]{1,200}:\d{2,5})\/\w/g,
  ),
  phrase(/\bjdbc:oracle\b/, /\bjdbc:oracle:\w{2,8}:[\w.-]{1,64}\/([^\s"'@]{1,200})@/g),
  // What is kept of a password to know it again. https://passlib.readthedocs.io/en/stable/modular_crypt_format.html
  phrase(
    /\$(?:2[abxy]|apr1|argon2|scrypt|pbkdf2|gy|[1567y])\$|\$argon2|\{S?SHA|\{CRYPT/,
    /(\${1,2}(?:2[abxy]|apr1|argon2(?:id|[id])|scrypt|pbkdf2(?:-\w{3,8})?|gy|[1567y])\$[\w./+=,$-]{22,400}|\{(?:S?SHA(?:256|384|512)?|CRYPT)\}[\w./+$-]{20,400}={0,2})/g,
  ),
  // The id of a key of AWS, and behind it the key.
  phrase(/\bA[KS]IA/, /\bA[KS]IA[A-Z0-9]{16}["']?[ \t]{0,9}[:,;|\t ][ \t]{0,9}["']?([A-Za-z0-9/+]{40})(?![\w/+=])/g),
  // A private key of JSON. https://www.rfc-editor.org/rfc/rfc7518#section-6
  phrase(/"kty"/, /"(?:d|k|p|q|dp|dq|qi)"[ \t]{0,9}:[ \t]{0,9}"([\w-]{16,4000})"/g),
  // A value of HTTP's authentication, wherever it is sent.
  phrase(/\bBasic\b/i, /\bBasic[ \t]{1,4}([A-Za-z0-9+/]{12,800}={0,2})(?![\w+/=])/gi, isUserAndPassword),
  phrase(/\bBearer\b/i, /\bBearer[ \t]{1,4}([\w.~+/-]{16,4000}={0,2})(?![\w+/=])/gi, (value) => /\d/.test(value)),
  // SNMP's communities, which are its passwords. https://www.net-snmp.org/docs/man/snmpd.conf.html
  phrase(/community/, /\b(?:(?:ro|rw|trap)community6?|snmp-server[ \t]{1,9}community)[ \t]{1,9}["']?([^\s"']{1,400})/g),
  phrase(/\bcom2sec/, /\bcom2sec6?[ \t]{1,9}\S{1,100}[ \t]{1,9}\S{1,100}[ \t]{1,9}["']?([^\s"']{1,400})/g),
  // strongSwan. https://docs.strongswan.org/docs/latest/config/IPSecSecrets.html
  phrase(/:[ \t]{0,9}(?:PSK|XAUTH|EAP|NTLM)\b/, /:[ \t]{0,9}(?:PSK|XAUTH|EAP|NTLM)[ \t]{1,9}["']([^"'\n]{1,400})["']/g),
  // The key of a stream is the last step of its address.
  phrase(/\brtmps?:/, /\brtmps?:\/\/[^\s/"']{1,200}\/[^\s/"']{1,100}\/([^\s"'<>]{10,200})/g, (value) =>
    /\d/.test(value),
  ),
]);
