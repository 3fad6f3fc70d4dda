use super::*;

const PLAINTEXT: &[u8] = b"A cipher system must not be required to be secret, and it must be able to fall into the hands of the enemy without inconvenience";
const AAD: &[u8] = b"The second principle of Auguste Kerckhoffs";
const IV: &str = "1af38c2dc2b96ffdd86694092341bc04";
const CIPHERTEXT: &str = "c80edfa32ddf39d5ef00c0b468834279a2e46a1b8049f792f76bfe54b903a9c9a94ac9b47ad2655c5f10f9aef71427e2fc6f9b3f399a221489f16362c703233609d45ac69864e3321cf82935ac4096c86e133314c54019e8ca7980dfa4b9cf1b384c486f3a54c51078158ee5d79de59fbd34d848b3d69550a67646344427ade54b8851ffb598f7f80074b9473c82e2db";
const TAG_B_1: &str = "652c3fa36b0a7c5b3219fab3a30bc1c4";

fn hex(text: &str) -> Vec<u8> {
    let digit =
        |digit: u8| char::from(digit).to_digit(16).and_then(|digit| u8::try_from(digit).ok()).unwrap();
    text.as_bytes().chunks(2).map(|pair| digit(pair[0]) * 16 + digit(pair[1])).collect()
}

fn key() -> Secret<Vec<u8>> {
    Secret::new((0..32).collect())
}

fn vector() -> Sealed {
    Sealed { iv: hex(IV), ciphertext: hex(CIPHERTEXT), tag: hex(TAG_B_1) }
}

#[test]
fn rfc7518_b_1_vector() {
    let sealed = seal_cbc(key().expose(), &hex(IV), PLAINTEXT, AAD).unwrap();
    assert_eq!((sealed.ciphertext, sealed.tag), (hex(CIPHERTEXT), hex(TAG_B_1)));
    let opened = ContentEncryption::A128CbcHs256.open(&key(), vector(), AAD).unwrap();
    assert_eq!(opened.expose(), PLAINTEXT);
}

#[test]
fn rfc7518_5_2_2_2_nothing_opens_under_another_tag_text_iv_or_header() {
    let open = |sealed, aad| ContentEncryption::A128CbcHs256.open(&key(), sealed, aad);
    for change in [
        |sealed: &mut Sealed| sealed.tag[15] ^= 1,
        |sealed: &mut Sealed| sealed.tag.truncate(15),
        |sealed: &mut Sealed| sealed.tag.clear(),
        |sealed: &mut Sealed| sealed.ciphertext[0] ^= 1,
        |sealed: &mut Sealed| sealed.ciphertext.truncate(16),
        |sealed: &mut Sealed| sealed.iv[0] ^= 1,
        |sealed: &mut Sealed| sealed.iv.truncate(12),
    ] {
        let mut sealed = vector();
        change(&mut sealed);
        assert!(open(sealed, AAD).is_none());
    }
    assert!(open(vector(), b"another header").is_none());
}

#[test]
fn rfc7518_5_3_gcm_opens_what_it_sealed_and_only_with_all_of_its_tag() {
    for enc in [ContentEncryption::A128Gcm, ContentEncryption::A256Gcm] {
        let key = (0..32).take(enc.key_length()).collect::<Vec<u8>>();
        let seal = || enc.seal_gcm(&key, [7; 12], PLAINTEXT, AAD).unwrap();
        let key = Secret::new(key.clone());
        assert_eq!(enc.open(&key, seal(), AAD).unwrap().expose(), PLAINTEXT);
        let short = Sealed { tag: seal().tag[..12].to_vec(), ..seal() };
        assert!(enc.open(&key, short, AAD).is_none());
        let long = Sealed { iv: vec![7; 16], ..seal() };
        assert!(enc.open(&key, long, AAD).is_none());
    }
}
