use super::*;

fn plot(weeks: usize, series: usize) -> Plot<'static> {
    let of = |s: usize| -> Vec<u64> {
        (0..weeks)
            .map(|w| ((w * 37 + s * 11) % 90) as u64)
            .collect()
    };
    Plot {
        id: "afgiften",
        language: Language::Dutch,
        title: "Afgiften naar grondslag",
        description: "Deze week 143 afgiften",
        unit: "afgiften per week",
        weeks: (1..=weeks).map(|week| format!("wk {week}")).collect(),
        series: (0..series).map(|s| (format!("Grond {s}"), of(s))).collect(),
        emphasise_last: true,
    }
}

/// Everything between `start` and `end`, each time they occur.
fn between<'t>(text: &'t str, start: &str, end: &str) -> Vec<&'t str> {
    text.split(start)
        .skip(1)
        .map(|rest| rest.split_once(end).unwrap().0)
        .collect()
}

/// Whether tags are closed in the order they were opened, and identifiers are used once.
fn assert_well_formed(markup: &str) {
    let mut open = Vec::new();
    for tag in between(markup, "<", ">") {
        if let Some(name) = tag.strip_prefix('/') {
            assert_eq!(open.pop(), Some(name), "{markup}");
        } else if !tag.ends_with('/') {
            open.push(tag.split(' ').next().unwrap());
        }
        assert_eq!(tag.matches('"').count() % 2, 0, "{tag}");
    }
    assert!(open.is_empty(), "{open:?}");
    let mut ids = between(markup, " id=\"", "\"");
    let count = ids.len();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), count, "{ids:?}");
}

/// The rectangles of the path with this id: left, top, width, height.
fn rectangles(svg: &str, path: &str) -> Vec<[f64; 4]> {
    let Some(path) = between(svg, &format!("{path} d=\""), "\"").first().copied() else {
        return Vec::new();
    };
    path.split('M')
        .skip(1)
        .map(|part| {
            let numbers: Vec<f64> = part
                .split([' ', 'h', 'v'])
                .take(4)
                .map(|number| number.parse().unwrap())
                .collect();
            [numbers[0], numbers[1], numbers[2], numbers[3]]
        })
        .collect()
}

#[test]
fn what_is_missing_empty_or_too_much_is_still_a_plot() {
    let mut short = plot(13, 2);
    short.series[1].1.truncate(4);
    let mut huge = plot(13, 6);
    for (_, values) in &mut huge.series {
        values.fill(u64::MAX);
    }
    let mut nought = plot(13, 2);
    for (_, values) in &mut nought.series {
        values.fill(0);
    }
    for (name, plot, nothing) in [
        ("no weeks", plot(0, 2), true),
        ("no series", plot(13, 0), true),
        ("all nought", nought, true),
        ("one week", plot(1, 1), true),
        ("values missing", short, false),
        ("too large", huge, false),
        ("too many of both", plot(200, 40), false),
    ] {
        let figure = plot.figure();
        assert_well_formed(&figure);
        assert_eq!(figure.contains("Nog niets om te tonen"), nothing, "{name}");
        for [x, y, width, height] in
            (1..=SERIES).flat_map(|s| rectangles(&figure, &format!("<path id=\"g-afgiften-s{s}\"")))
        {
            assert!(x >= 0.0 && width > 0.0 && height > 0.0, "{name}");
            // The smallest parts are drawn higher than they are; six of them stay near the top.
            assert!(y >= -15.0 && y + height <= 200.0, "{name}: {y} {height}");
        }
    }
}

#[test]
fn of_too_many_weeks_the_last_and_of_too_many_series_the_rest_together() {
    let mut many = plot(60, 8);
    many.weeks[6] = "te oud".to_owned();
    let table = many.table();
    assert!(!table.contains("te oud") && table.contains(">wk 8<") && table.contains(">wk 60<"));
    assert!(table.contains("Grond 4") && !table.contains("Grond 5") && table.contains("Overig"));
    // Nothing is lost: the last row adds up.
    let row = table.rsplit("<tr>").next().unwrap();
    let cells: Vec<u64> = between(row, "<td class=\"getal\">", "<")
        .iter()
        .map(|cell| cell.parse().unwrap())
        .collect();
    let (total, parts) = cells.split_last().unwrap();
    assert_eq!(parts.len(), SERIES);
    assert_eq!(parts.iter().sum::<u64>(), *total);
    let all: u64 = many.series.iter().map(|(_, values)| values[59]).sum();
    assert_eq!(*total, all);
}

#[test]
fn all_text_is_escaped_everywhere() {
    let canary = "<b onload='x'>\"&\u{0}";
    let plot = Plot {
        id: "a\"><script>(x)",
        language: Language::English,
        title: canary,
        description: canary,
        unit: canary,
        weeks: vec![canary.to_owned()],
        series: vec![(canary.to_owned(), vec![1]), (canary.to_owned(), vec![2])],
        emphasise_last: true,
    };
    let week = Quartiles::of(vec![1, 2, 3]);
    let spread = Spread {
        id: "'",
        language: Language::English,
        title: canary,
        description: canary,
        unit: canary,
        weeks: vec![(canary.to_owned(), week)],
        emphasise_last: true,
    };
    let bars = Bars {
        id: "'",
        language: Language::English,
        title: canary,
        description: canary,
        unit: canary,
        of: canary,
        rows: vec![(canary.to_owned(), 3)],
    };
    for markup in [plot.figure(), spread.figure(), bars.figure()] {
        assert_well_formed(&markup);
        assert!(!markup.contains("<b") && !markup.contains("script>") && !markup.contains('\0'));
        assert!(!markup.contains('\'') && !markup.contains("style="));
        assert!(
            markup
                .matches("&lt;b onload=&#39;x&#39;&gt;&quot;&amp; ")
                .count()
                >= 5
        );
    }
}

/// The page has 100 KiB for everything.
#[test]
fn the_fullest_plot_is_small() {
    let svg = plot(WEEKS, SERIES).svg();
    assert!(svg.len() < 25 * 1024, "{}", svg.len());
}

#[test]
fn it_is_named_and_can_be_told_apart_without_colour() {
    let figure = plot(13, 6).figure();
    for part in [
        "role=\"img\"",
        "aria-labelledby=\"g-afgiften-t g-afgiften-d\"",
        "<title id=\"g-afgiften-t\">Afgiften naar grondslag</title>",
        "<desc id=\"g-afgiften-d\">Deze week 143 afgiften</desc>",
        "<caption>Afgiften naar grondslag (afgiften per week)</caption>",
        "<th scope=\"row\">wk 13</th>",
    ] {
        assert!(figure.contains(part), "{part}\n{figure}");
    }
    for number in 1..=6 {
        assert!(figure.contains(&format!("class=\"vlak-{number}\"")));
        let pattern = format!("fill=\"url(#g-afgiften-p{number})\"");
        // Once in the plot, once in the legend.
        let uses = if number == 1 { 0 } else { 2 };
        assert_eq!(figure.matches(&pattern).count(), uses, "{number}");
    }
}

#[test]
fn parts_of_a_bar_stand_on_each_other_and_are_as_high_as_their_numbers() {
    let mut plot = plot(2, 0);
    plot.series = vec![
        ("a".to_owned(), vec![50, 100]),
        ("b".to_owned(), vec![50, 0]),
        ("c".to_owned(), vec![0, 1]),
    ];
    let svg = plot.svg();
    // The scale goes to 150: four thirds of a pixel for each.
    let path = |series| rectangles(&svg, &format!("<path id=\"g-afgiften-s{series}\""));
    assert_eq!(
        path(1),
        [[30.0, 133.4, 240.0, 66.6], [330.0, 66.7, 240.0, 133.3]]
    );
    // A hair of ground between two parts.
    assert_eq!(path(2), [[30.0, 66.8, 240.0, 65.8]]);
    // One is seen, be it drawn higher than it is.
    assert_eq!(path(3), [[330.0, 64.2, 240.0, 2.5]]);
}

#[test]
fn the_scale_is_round() {
    for (largest, step, steps) in [
        (0, 1, 1),
        (1, 1, 1),
        (4, 1, 4),
        (6, 2, 3),
        (11, 5, 3),
        (25, 5, 5),
        (26, 10, 3),
        (144, 50, 3),
        (1_001, 500, 3),
        (u64::MAX, 200_000_000_000, 5),
    ] {
        assert_eq!(Axis::up_to(largest), Axis { step, steps }, "{largest}");
    }
    for largest in 1..3_000 {
        let axis = Axis::up_to(largest);
        assert!(axis.top() >= largest && axis.steps <= 5, "{largest}");
        assert!(axis.top() - largest < axis.step, "{largest}");
    }
}

/// On the narrowest screen a plot is 288 pixels wide and a sign about seven.
#[test]
fn names_of_weeks_never_touch() {
    for count in 1..=WEEKS {
        for name in ["1", "wk 12", "2 mrt '26", "2026-W12, een lange naam"] {
            let weeks = Weeks::new(count, 100);
            let labels = vec![name; count];
            let named = weeks.named(&labels);
            assert_eq!(named[0] + 1, count as u64, "the last one is always named");
            let wide = (name.chars().count() * 7) as u64;
            let mut left = 288_000 - wide * 1000;
            for week in named.iter().skip(1) {
                let middle = weeks.middle(*week) * 288;
                assert!(middle + wide * 500 <= left, "{count} {name} {named:?}");
                left = middle.saturating_sub(wide * 500);
            }
        }
    }
    assert_eq!(Weeks::new(13, 100).named(&["wk 1"; 13]), [12, 7, 4, 1]);
}

#[test]
fn quartiles_are_of_what_was_measured() {
    assert_eq!(Quartiles::of(Vec::new()), None);
    for (durations, lower, median, upper) in [
        (vec![7], 7, 7, 7),
        (vec![9, 1], 1, 1, 9),
        (vec![4, 3, 2, 1], 1, 2, 3),
        (vec![1, 2, 3, 4, 100], 2, 3, 4),
    ] {
        let count = durations.len() as u64;
        let made = Quartiles::of(durations).unwrap();
        assert_eq!(
            made,
            Quartiles {
                count,
                lower,
                median,
                upper
            }
        );
    }
}

#[test]
fn a_spread_shows_box_and_median_and_leaves_empty_weeks_empty() {
    let week = |lower, median, upper| {
        Some(Quartiles {
            count: 1_200,
            lower,
            median,
            upper,
        })
    };
    let spread = Spread {
        id: "dagen",
        language: Language::Dutch,
        title: "Van gevraagd tot gegeven",
        description: "De helft binnen 5 dagen",
        unit: "dagen",
        weeks: vec![
            ("wk 1".to_owned(), week(2, 5, 10)),
            ("wk 2".to_owned(), None),
            ("wk 3".to_owned(), week(5, 5, 5)),
        ],
        emphasise_last: false,
    };
    let svg = spread.svg();
    assert_well_formed(&spread.figure());
    // The scale goes to 10: twenty pixels a day.
    let boxes = rectangles(&svg, "fill-opacity=\".75\"");
    assert_eq!(
        boxes,
        [[46.0, 0.0, 108.0, 160.0], [446.0, 97.5, 108.0, 2.5]]
    );
    let medians = rectangles(&svg, "<path class=\"vlak-1\"");
    assert_eq!(
        medians,
        [[20.0, 98.0, 160.0, 4.0], [420.0, 98.0, 160.0, 4.0]]
    );
    let table = spread.table();
    let second =
        "<tr><th scope=\"row\">wk 2</th><td class=\"getal\">0</td><td class=\"getal\">–</td>";
    assert!(table.contains(second), "{table}");
    assert!(table.contains("<td class=\"getal\">1.200</td>"));
}

#[test]
fn horizontal_bars_are_as_long_as_their_numbers_and_names_are_not_cut_off() {
    let long = "Er zijn gezondheidsgegevens in het stuk, en geen uitdrukkelijke instemming daarmee";
    let mut bars = Bars {
        id: "redenen",
        language: Language::Dutch,
        title: "Weigeringen naar reden",
        description: "",
        unit: "Weigeringen",
        of: "Reden",
        rows: vec![
            ("Geen grondslag".to_owned(), 2_000),
            (long.to_owned(), 500),
            ("Eens".to_owned(), 1),
            ("Nooit".to_owned(), 0),
        ],
    };
    let svg = bars.svg();
    assert_well_formed(&bars.figure());
    assert_eq!(
        between(&svg, " width=\"", "\""),
        ["100%", "100%", "25%", "0.4%", "0%"]
    );
    for line in [
        ">Er zijn gezondheidsgegevens in het<",
        ">stuk, en geen uitdrukkelijke …<",
        ">2.000<",
    ] {
        assert!(svg.contains(line), "{line}\n{svg}");
    }
    assert!(bars.table().contains(long));
    bars.rows = (0..ROWS as u64 + 5)
        .map(|row| (format!("rij {row}"), row))
        .collect();
    assert!(!bars.svg().contains("rij 20") && bars.table().contains("rij 24"));
    bars.rows.clear();
    assert!(bars.svg().contains("Nog niets om te tonen"));
}
