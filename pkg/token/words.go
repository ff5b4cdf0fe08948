package token

// words are common English words, from which prompts are made.
const words = `
able about above account across action active actual after again against age ago air
all almost along already also always among amount and animal another answer any apple
area arm around art ask author autumn away baby back balance ball bank base basket
beach bear beauty bed before begin behind bell below best better between beyond big
bird black block blue board boat body book border both bottle bottom box branch brave
bread bridge bright bring broad brother brown build business busy butter button buy
call camp capital captain card care carry case castle cat cause center century chain
chair chance change charge check child choice circle city class clean clear clock close
cloud coast coat coffee cold collect color common company compare complete consider
contain continue control cook copper corner correct cost could count country course
court cover create cross crowd current custom cut dance dark data daughter day deal
deep degree depend desert design desk detail develop different direct distance doctor
dog door double doubt down draw dream dress drink drive dry during dust duty each early
earth east easy edge effect eight either electric eleven else empty end energy engine
enjoy enough enter equal escape even evening event ever every exact example except
expect explain eye face fact fall family famous far farm fast father favor fear field
fight figure fill final find fine finger finish fire first fish five floor flower
follow food foot force foreign forest forget form forward four free fresh friend from
front fruit full future game garden gate gather general gentle gift girl give glass
gold good grand grass great green ground group grow guess guide hair half hand happen
happy hard hat head health hear heart heat heavy help here hidden high hill history
hold home honest hope horse hospital hot hour house human hundred hunt ice idea image
important inch increase indeed industry inside instead interest into iron island join
journey judge jump just keep key kind king kitchen know lady lake land language large
last late laugh law lead leaf learn least leather leave left less lesson letter level
library life light like limit line lion list listen little live local long look lose
lost loud love low lucky lunch machine main make man many map mark market master match
material matter mean measure meat meet member memory metal method middle might mile
milk million mind minute mirror modern moment money month moon more morning most
mother motion mountain mouth move much music must name narrow nation nature near
necessary neck need never new news next nice night nine noise none north nose note
nothing notice now number object ocean off offer office often oil old once one only
open opinion orange order other ought out over own page paint pair paper parent part
party pass past path pattern pay peace people perfect perhaps person picture piece
place plain plan plant play please plenty point poor position possible pound power
practice present press pretty price print private problem produce promise proper
protect prove public pull purpose push put quality quarter queen question quick quiet
quite race radio rain raise range rather reach read ready real reason receive record
red region regular remain remember repeat reply report rest result return rich ride
right ring rise river road rock roll room root rope rose rough round row rule run safe
sail salt same sand save say scale scene school science sea search season seat second
secret see seem sell send sense sentence separate serve seven several shade shape
share sharp sheep ship shoe shop short should shoulder show side sign silence silver
similar simple since sing sister sit six size skill skin sky sleep slow small smile
smoke smooth snow social soft soil solid some son song soon sound south space speak
special speed spell spend spirit spoon spring square stage stand star start state
station stay steel step still stone stop store storm story strange stream street
strong student study such sudden sugar suggest suit summer sun supply support sure
surface surprise sweet swim system table tail take talk tall taste teach team tell ten
test than thank that theater then theory there thick thin thing think third thousand
three through throw thus time tin together tomorrow tone too tool top total touch
toward town track trade train travel tree true trust truth try turn twelve twenty two
type under unit until upon use usual valley value variety very view village visit
voice vote wait walk wall want war warm wash watch water wave way weak wear weather
week weight welcome well west wet what wheel when where which while white who whole
whose why wide wild will win wind window wine wing winter wire wise wish with within
without woman wonder wood word work world worth would write yard year yellow yes
yesterday yet young zero`
