//! The options of the tool.

use crate::arguments::OptionSpec;
use crate::arguments::argparse::{Subcommand, Tool};

pub(super) static TOOL: Tool = Tool {
    about: "Describes and changes the features that a cluster agrees on.",
    before: Subcommand {
        options: &[
            OptionSpec {
                is_required: false,
                ..OptionSpec::BOOTSTRAP_SERVER_OR
            },
            OptionSpec {
                is_required: false,
                ..OptionSpec::BOOTSTRAP_CONTROLLER
            },
            OptionSpec::optional(
                "command-config",
                "COMMAND_CONFIG",
                "Properties of the admin client.",
            ),
        ],
        exclusive: &["bootstrap-server", "bootstrap-controller"],
        ..Subcommand::NONE
    },
    subcommands: &[
        Subcommand {
            name: "describe",
            about: "Print the features, with the levels that a node supports and the level that \
                    the cluster agrees on.",
            options: &[OptionSpec::optional(
                "node-id",
                "NODE_ID",
                "Ask this node, instead of any.",
            )],
            exclusive: &[],
        },
        Subcommand {
            name: "upgrade",
            about: "Raise the levels of features.",
            options: &[METADATA, RELEASE_VERSION, FEATURE, DRY_RUN],
            exclusive: &[],
        },
        Subcommand {
            name: "downgrade",
            about: "Lower the levels of features.",
            options: &[METADATA, RELEASE_VERSION, FEATURE, UNSAFE, DRY_RUN],
            exclusive: &[],
        },
        Subcommand {
            name: "disable",
            about: "Lower the levels of features to 0.",
            options: &[
                OptionSpec::optional(
                    "feature",
                    "FEATURE",
                    "The name of a feature; may be given several times.",
                ),
                UNSAFE,
                DRY_RUN,
            ],
            exclusive: &[],
        },
        Subcommand {
            name: "version-mapping",
            about: "Print the levels of all features that a release begins with.",
            options: &[OptionSpec::optional(
                "release-version",
                "RELEASE_VERSION",
                "The release, from 3.3-IV3 to 4.3-IV0, which is the default.",
            )],
            exclusive: &[],
        },
        Subcommand {
            name: "feature-dependencies",
            about: "Print what levels of features need.",
            options: &[OptionSpec {
                is_required: true,
                ..FEATURE
            }],
            exclusive: &[],
        },
    ],
};

const METADATA: OptionSpec = OptionSpec::optional(
    "metadata",
    "METADATA",
    "Deprecated: the release whose metadata.version is meant.",
);

const RELEASE_VERSION: OptionSpec = OptionSpec::optional(
    "release-version",
    "RELEASE_VERSION",
    "Bring all features to the levels that this release begins with.",
);

const FEATURE: OptionSpec = OptionSpec::optional(
    "feature",
    "FEATURE",
    "A feature and its level, such as `group.version=1`; may be given several times.",
);

const UNSAFE: OptionSpec = OptionSpec::flag("unsafe", "Even if metadata may be lost that way.");

const DRY_RUN: OptionSpec = OptionSpec::flag("dry-run", "Only say whether it could be done.");
