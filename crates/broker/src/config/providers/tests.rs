//! Providers, against files of a directory of their own.

use super::*;

const CLASSES: &str = "org.apache.kafka.common.config.provider.";

/// A directory that goes with the test.
struct Scratch(PathBuf);

impl Scratch {
    fn new(name: &str) -> Self {
        let name = format!("klamm-providers-{name}-{}", std::process::id());
        let path = std::env::temp_dir().join(name);
        fs::create_dir_all(path.join("inner")).unwrap();
        fs::write(path.join("secrets"), "password=hunter2\nuser = me\n").unwrap();
        fs::write(path.join("inner/token"), "abc\n").unwrap();
        Self(path)
    }

    fn path(&self) -> String {
        self.0.display().to_string()
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn environment() -> Vec<(String, String)> {
    let pairs = [
        ("DB_USER", "scott"),
        ("DB_PASSWORD", "tiger"),
        ("HOME", "/root"),
    ];
    pairs
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .into()
}

/// What `value` becomes with a provider `p` of this class and these parameters.
fn resolved(class: &str, params: &[(&str, &str)], value: &str) -> Result<String, ConfigError> {
    let mut values = BTreeMap::from([
        ("config.providers".to_owned(), "p".to_owned()),
        (
            "config.providers.p.class".to_owned(),
            format!("{CLASSES}{class}"),
        ),
        ("key".to_owned(), value.to_owned()),
    ]);
    for (param, value) in params {
        values.insert(
            format!("config.providers.p.param.{param}"),
            (*value).to_owned(),
        );
    }
    resolve(&mut values, &environment())?;
    Ok(values.remove("key").unwrap())
}

fn check(class: &str, params: &[(&str, &str)], value: &str, expected: &str) {
    assert_eq!(resolved(class, params, value).unwrap(), expected, "{value}");
}

#[test]
fn variables_have_a_provider_perhaps_a_path_and_a_key() {
    let variable = |text| Variable::at_begin(text).map(|(it, _)| (it.provider, it.path, it.key));
    assert_eq!(variable("${a:b:c}d}"), Some(("a", "b", "c")));
    assert_eq!(variable("${a:c}"), Some(("a", "", "c")));
    assert_eq!(variable("${a:b:c:d}"), Some(("a", "b", "c:d")));
    assert_eq!(variable("${::}"), Some(("", "", "")));
    for none in ["${a}", "${a:b", "$a:b}", "", "${"] {
        assert_eq!(variable(none), None, "{none}");
    }
}

#[test]
fn the_value_of_a_properties_file_takes_the_place_of_its_variable() {
    let scratch = Scratch::new("file");
    let file = format!("{}/secrets", scratch.path());
    let class = "FileConfigProvider";
    let both = format!("${{p:{file}:user}}/${{p:{file}:password}}!");
    check(class, &[], &both, "me/hunter2!");
    for kept in [
        format!("${{p:{file}:missing}}"),
        format!("${{other:{file}:user}}"),
        "${p:user}".to_owned(),
        "${user}".to_owned(),
        "${p:open".to_owned(),
    ] {
        check(class, &[], &kept, &kept);
    }
    check(
        class,
        &[],
        &format!("${{x${{p:{file}:user}}"),
        &format!("${{x${{p:{file}:user}}"),
    );
    check(class, &[], &format!("${{x}}${{p:{file}:user}}"), "${x}me");
    let error = resolved(class, &[], "${p:/no/such/file:key}").unwrap_err();
    assert_eq!(
        error.to_string(),
        "Could not read properties from file /no/such/file"
    );
}

#[test]
fn files_beside_the_allowed_paths_are_not_read() {
    let scratch = Scratch::new("allowed");
    let (path, class) = (scratch.path(), "FileConfigProvider");
    let inner = format!("{path}/inner");
    let secret = format!("${{p:{path}/secrets:user}}");
    check(class, &[("allowed.paths", &path)], &secret, "me");
    check(class, &[("allowed.paths", &inner)], &secret, &secret);
    let both = format!("{inner},{path}");
    check(class, &[("allowed.paths", &both)], &secret, "me");
    let around = format!("${{p:{inner}/../secrets:user}}");
    check(class, &[("allowed.paths", &inner)], &around, &around);
    let wrong = resolved(class, &[("allowed.paths", "relative")], "").unwrap_err();
    assert_eq!(wrong.to_string(), "Path relative is not absolute");
    let gone = resolved(class, &[("allowed.paths", "/no/such")], "").unwrap_err();
    assert_eq!(gone.to_string(), "Path /no/such does not exist");
}

#[test]
fn a_directory_has_a_file_for_each_value() {
    let scratch = Scratch::new("directory");
    let (path, class) = (scratch.path(), "DirectoryConfigProvider");
    check(class, &[], &format!("${{p:{path}/inner:token}}"), "abc\n");
    for kept in [
        format!("${{p:{path}:inner}}"),
        format!("${{p:{path}:inner/token}}"),
        format!("${{p:{path}/inner:../secrets}}"),
        format!("${{p:{path}/nowhere:token}}"),
    ] {
        check(class, &[], &kept, &kept);
    }
    let token = format!("${{p:{path}/inner:token}}");
    let elsewhere = std::env::temp_dir().join("..").display().to_string();
    check(class, &[("allowed.paths", &elsewhere)], &token, "abc\n");
}

#[test]
fn environment_variables_are_given_as_far_as_the_pattern_allows() {
    let class = "EnvVarConfigProvider";
    check(class, &[], "${p:DB_USER}@${p:HOME}", "scott@/root");
    let users = [("allowlist.pattern", "DB_US.*|OTHER")];
    check(
        class,
        &users,
        "${p:DB_USER}/${p:DB_PASSWORD}",
        "scott/${p:DB_PASSWORD}",
    );
    let part = [("allowlist.pattern", "USER")];
    check(class, &part, "${p:DB_USER}", "${p:DB_USER}");
    assert!(resolved(class, &[("allowlist.pattern", "(")], "").is_err());
    let error = resolved(class, &[], "${p:/path:DB_USER}").unwrap_err();
    assert!(
        error.to_string().contains("invalid value '/path'"),
        "{error}"
    );
}

#[test]
fn providers_that_are_not_there_or_not_allowed_refuse() {
    let error = resolved("VaultConfigProvider", &[], "").unwrap_err();
    assert!(
        error
            .to_string()
            .contains("Could not load config provider class")
    );
    let named = |environment: &[(String, String)]| {
        let class = format!("{CLASSES}EnvVarConfigProvider");
        let mut values = BTreeMap::from([
            ("config.providers".to_owned(), "p".to_owned()),
            ("config.providers.p.class".to_owned(), class),
        ]);
        resolve(&mut values, environment).map(drop)
    };
    let options = |classes: &str| {
        let options = format!("-Xmx1g {AUTOMATIC}{classes} -Da=b");
        named(&[("KAFKA_OPTS".to_owned(), options)])
    };
    assert_eq!(named(&[]), Ok(()));
    assert_eq!(options(&format!("x,{CLASSES}EnvVarConfigProvider")), Ok(()));
    let error = options("none").unwrap_err().to_string();
    assert!(error.ends_with("EnvVarConfigProvider"), "{error}");
    assert!(
        error.contains("'org.apache.kafka.automatic.config.providers'"),
        "{error}"
    );
    let mut nothing = BTreeMap::from([("config.providers".to_owned(), "p".to_owned())]);
    assert!(resolve(&mut nothing, &[]).is_err());
}
